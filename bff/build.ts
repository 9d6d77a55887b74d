import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const DIST = join(HERE, 'dist')

/** Packages this server names in its package.json stay outside; the rooms of this workspace are taken in. */
const dependenciesOutside: Plugin = {
  name: 'dependencies-outside',
  setup({ onResolve }) {
    const { dependencies } = JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8')) as { dependencies: object }
    const outside = Object.keys(dependencies).filter((name) => !name.startsWith('@huiyuan/'))
    onResolve({ filter: /^[^./]/ }, ({ path }) =>
      outside.some((name) => path === name || path.startsWith(`${name}/`)) ? { path, external: true } : null,
    )
  },
}

/** Bundles the server into `bff/dist/main.js`, an ES module with source maps; the Prisma client must be generated before. */
export async function buildBff(): Promise<void> {
  rmSync(DIST, { recursive: true, force: true })
  await build({
    entryPoints: [join(HERE, 'src', 'main.ts')],
    outdir: DIST,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    plugins: [dependenciesOutside],
    // Taken-in CommonJS code asks for Node's own modules by require.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'\nconst require = __createRequire(import.meta.url)",
    },
  })
  writeFileSync(join(DIST, 'package.json'), '{ "type": "module" }\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  buildBff().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
  })
}
