import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the whole project. */
export const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** What runs leave behind, never committed: databases, notes of builds, an unpacked browser. */
export const DATA = join(PROJECT, '.data')
