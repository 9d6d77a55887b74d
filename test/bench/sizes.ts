import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { H5_DIST, WEAPP_DIST } from '../support/builds'
import { packageSizes, readProgram } from '../weapp/runtime/program'

/** Kilobytes (1024) of what goes to phones; null for what is not built. */
export interface Sizes {
  weappMain: number | null
  weappAll: number | null
  h5FirstPage: number | null
}

function weapp(): Pick<Sizes, 'weappMain' | 'weappAll'> {
  if (!existsSync(join(WEAPP_DIST, 'app.json'))) return { weappMain: null, weappAll: null }
  const { packages, all } = packageSizes(readProgram(WEAPP_DIST))
  return { weappMain: (packages[''] ?? 0) / 1024, weappAll: all / 1024 }
}

/** The scripts that the page itself names; chunks loaded later are not among them. */
function h5FirstPage(): number | null {
  const page = join(H5_DIST, 'index.html')
  if (!existsSync(page)) return null
  const scripts = [...readFileSync(page, 'utf8').matchAll(/<script[^>]+src="([^"]+)"/g)].map(([, src]) => src as string)
  const bytes = scripts.map((src) => gzipSync(readFileSync(join(H5_DIST, src)), { level: 9 }).length)
  return bytes.reduce((sum, size) => sum + size, 0) / 1024
}

export const sizesOfBuilds = (): Sizes => ({ ...weapp(), h5FirstPage: h5FirstPage() })
