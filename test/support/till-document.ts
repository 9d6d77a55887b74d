import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Validator } from '@seriousme/openapi-schema-validator'
import { tillDocument } from '../../bff/src/till/api/document'
import { PROJECT } from './project'

const FILE = join(PROJECT, 'docs', 'till-api.json')

const written = (): string => `${JSON.stringify(tillDocument(), null, 2)}\n`

/** What is wrong with the document that lies in docs, in words; empty when it is OpenAPI, and the one that the server gives. */
export async function documentTrouble(): Promise<string> {
  if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== written())
    return 'docs/till-api.json is not what the server gives: run `pnpm till-document`, and look at what changes for till vendors'
  const { valid, errors } = await new Validator().validate(FILE)
  return valid ? '' : `docs/till-api.json is no OpenAPI document: ${JSON.stringify(errors)}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(FILE, written())
