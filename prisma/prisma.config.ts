import { join } from 'node:path'
import { defineConfig } from 'prisma/config'

// The Prisma CLI would otherwise download its engine before any command. On Windows a script cannot stand in.
if (process.platform !== 'win32') {
  process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= join(import.meta.dirname, 'database', 'schema-engine.mjs')
}

export default defineConfig({
  schema: 'schema',
  migrations: { path: 'migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://localhost:5432/huiyuan' },
})
