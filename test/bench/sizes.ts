import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { H5_DIST, WEAPP_DIST } from '../support/builds'
import { packageSizes, readProgram } from '../weapp/runtime/program'

/** Kilobytes (1024) of what goes to phones; null for what is not built. */
export interface Sizes {
  weappMain: number | null
  weappAll: number | null
  h5Named: number | null
  h5All: number | null
}

function weapp(): Pick<Sizes, 'weappMain' | 'weappAll'> {
  if (!existsSync(join(WEAPP_DIST, 'app.json'))) return { weappMain: null, weappAll: null }
  const { packages, all } = packageSizes(readProgram(WEAPP_DIST))
  return { weappMain: (packages[''] ?? 0) / 1024, weappAll: all / 1024 }
}

/** Gzipped: the scripts that the page itself names, and all there are; the first page needs something in between. */
function h5(): Pick<Sizes, 'h5Named' | 'h5All'> {
  const page = join(H5_DIST, 'index.html')
  if (!existsSync(page)) return { h5Named: null, h5All: null }
  const named = [...readFileSync(page, 'utf8').matchAll(/<script[^>]+src="([^"]+)"/g)].map(([, src]) => src as string)
  const all = readdirSync(H5_DIST, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
  const zipped = (files: string[]) =>
    files.reduce((sum, file) => sum + gzipSync(readFileSync(join(H5_DIST, file)), { level: 9 }).length, 0) / 1024
  return { h5Named: zipped(named), h5All: zipped(all) }
}

export const sizesOfBuilds = (): Sizes => ({ ...weapp(), ...h5() })
