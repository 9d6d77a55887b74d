import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tillDocument } from '../../bff/src/till/api/document'
import { PROJECT } from './project'

const FILE = join(PROJECT, 'docs', 'till-api.json')

const written = (): string => `${JSON.stringify(tillDocument(), null, 2)}\n`

/** What is wrong with the document that lies in docs, in words; empty when it is the one that the server gives. */
export const documentDrift = (): string =>
  existsSync(FILE) && readFileSync(FILE, 'utf8') === written()
    ? ''
    : 'docs/till-api.json is not what the server gives: run `pnpm till-document`, and look at what changes for till vendors'

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(FILE, written())
