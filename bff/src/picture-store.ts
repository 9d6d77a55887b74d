import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the bytes of pictures lie. Keys are UUIDs; every process of the house sees the same store. */
export interface PictureStore {
  /** All of it or nothing, also when the machine stops in the middle. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Null when nothing lies under the key. */
  get(key: string): Promise<Buffer | null>
  /** Nothing to do when it is gone already. */
  remove(key: string): Promise<void>
  /** What lies in one of the {@link SHELVES}, half-written things included, by the name to remove it by. */
  list(shelf: number): Promise<{ name: string; changedAt: Date }[]>
}

/** By the last two digits of a key, which are drawn at random. */
export const SHELVES = 256

const NAME = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[0-9a-f-]{36}\.part)?$/

/** Pictures in a folder that all processes share; made when the first one comes. */
export function diskPictures(folder: string): PictureStore {
  const fileOf = (name: string): string => {
    // a key is never a path, whoever made it up
    if (!NAME.test(name)) throw new Error('that is no key of a picture')
    return join(folder, name.slice(34, 36), name)
  }
  return {
    async put(key, bytes) {
      const file = fileOf(key)
      const part = `${file}.${randomUUID()}.part`
      await mkdir(join(file, '..'), { recursive: true, mode: 0o700 })
      try {
        const handle = await open(part, 'wx', 0o600)
        try {
          await handle.writeFile(bytes)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(part, file)
      } catch (error) {
        await rm(part, { force: true })
        throw error
      }
    },
    get: (key) => readFile(fileOf(key)).catch(unlessGone(null)),
    remove: (name) => rm(fileOf(name), { force: true }),
    async list(shelf) {
      const place = join(folder, shelf.toString(16).padStart(2, '0'))
      const names = (await readdir(place).catch(unlessGone<string[]>([]))).filter((name) => NAME.test(name))
      const found = await Promise.all(
        names.map(async (name) => {
          const seen = await stat(join(place, name)).catch(unlessGone(null))
          return seen ? [{ name, changedAt: seen.mtime }] : []
        }),
      )
      return found.flat()
    },
  }
}

const unlessGone =
  <T>(instead: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT') return instead
    throw error
  }
