import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a clone on another machine would not understand. The brackets keep this file from finding itself. */
const FOREIGN: [RegExp, string][] = [
  [/(?:^|[\s"'`(=:])\/(?:work|root|Users|home\/\w+)[/]/m, 'a path of one machine'],
  [/[.][.]\/shared\/(?:design|reference)/, 'a folder outside the repository'],
  [/registry[.](?:npmjs|npmmirror|yarnpkg)[.]/, 'the address of a package registry'],
  [/"resolved[":]+ "http|tarball[:] http/, 'the address of a package registry'],
  [/\bissues[ ]show\b|\bspikes?[/]/, 'a tool or folder of the makers'],
]

const BINARY = /\.(?:png|jpe?g|gif|ico|woff2?|ttf|wasm|br|gz|zip)$/

/** The places, as `file:line  what`, where the repository speaks of something that is not in it. */
export function foreignMentions(folder: string): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: folder })
  const files = listed
    .toString()
    .split('\n')
    .filter((file) => file !== '' && !BINARY.test(file))
  return [...new Set(files)].flatMap((file) => mentionsIn(file, readText(join(folder, file))))
}

export function mentionsIn(file: string, text: string): string[] {
  const lines = text.split('\n')
  return FOREIGN.flatMap(([pattern, what]) =>
    lines.flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}  ${what}: ${line.trim().slice(0, 100)}`] : [])),
  )
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Deleted but not yet committed.
    return ''
  }
}
