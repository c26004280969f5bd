import { Module } from '@nestjs/common';
import { ErasureService } from './erasure.service.js';
import { ExportService } from './export.service.js';
import { Memory } from './memory.js';
import { PrivacyController } from './privacy.controller.js';

@Module({ controllers: [PrivacyController], providers: [ExportService, ErasureService, Memory] })
export class PrivacyModule {}
