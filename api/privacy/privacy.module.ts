import { Module } from '@nestjs/common';
import { ErasureService } from './erasure.service.js';
import { ExportService } from './export.service.js';
import { Memory } from './memory.js';
import { MEMORY_LIMITS, MEMORY_LIMITS_TOKEN } from './memory.limits.js';
import { MemoryPeers } from './memory.peers.js';
import { PrivacyController } from './privacy.controller.js';

@Module({
  controllers: [PrivacyController],
  providers: [
    { provide: MEMORY_LIMITS_TOKEN, useFactory: () => ({ ...MEMORY_LIMITS }) },
    ExportService,
    ErasureService,
    MemoryPeers,
    Memory,
  ],
})
export class PrivacyModule {}
