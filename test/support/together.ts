import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { PROJECT } from './project'

/** So many bytes of tests to a parcel: enough to save the loading, and still short enough to share between workers. */
const PARCEL_BYTES = 40_000

/** Read by jest.config.cjs. */
export const TOGETHER_FOLDER = join(PROJECT, '.data', 'together')

/**
 * Loading the house costs a file of verbs more than most of its tests do. A whole run therefore reads them in parcels, noun
 * beside noun, each in one module registry: a parcel is a test file that requires the others, one `describe` for each.
 * Whoever names files or patterns runs them alone. Returns the parcels' paths.
 */
export function packTogether(room: string, except: string): string[] {
  rmSync(TOGETHER_FOLDER, { recursive: true, force: true })
  mkdirSync(TOGETHER_FOLDER, { recursive: true })
  const files = readdirSync(join(PROJECT, room), { recursive: true, encoding: 'utf8' })
    .map((file) => join(PROJECT, room, file))
    .filter((file) => file.endsWith('.test.ts') && !file.startsWith(join(PROJECT, except)))
    .sort()
  return parcelsOf(files.map((file) => ({ file, bytes: statSync(file).size }))).map((parcel, n) => {
    const path = join(TOGETHER_FOLDER, `${String(n + 1).padStart(2, '0')}-${firstNoun(parcel)}.test.ts`)
    writeFileSync(path, parcel.map(describing).join('\n'))
    return path
  })
}

/** Neighbours share a parcel until it is full. */
export function parcelsOf(files: readonly { file: string; bytes: number }[], full = PARCEL_BYTES): string[][] {
  const parcels: string[][] = []
  let room = 0
  for (const { file, bytes } of files) {
    if (room < bytes || parcels.length === 0) {
      parcels.push([])
      room = full
    }
    parcels.at(-1)?.push(file)
    room -= bytes
  }
  return parcels
}

const firstNoun = ([file = '']: string[]): string => dirname(file).split('/').at(-1) ?? ''

const describing = (file: string): string =>
  `describe('${relative(PROJECT, file)}', () => {\n  require('${relative(TOGETHER_FOLDER, file)}')\n})\n`
