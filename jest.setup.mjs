// Nest's CommonJS companions load while Jest still links ES modules; importing Nest first breaks that cycle.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
