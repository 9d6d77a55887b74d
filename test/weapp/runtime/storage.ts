import { type Answer, asyncApi, type Ground, WxFailure } from './wx-call'

const KEY_BYTES = 1024 * 1024
const ALL_BYTES = 10 * 1024 * 1024

/** The phone's memory for this mini-program, key → JSON. It outlives a restart when handed to the next phone. */
export type PhoneStorage = Map<string, string>

/** The storage calls of wx, with WeChat's limits of 1 MB a key and 10 MB in all. */
export function storageApis(ground: Ground, memory: PhoneStorage): Record<string, unknown> {
  const { realm } = ground
  const read = (key: unknown): unknown => {
    const text = memory.get(String(key))
    return text === undefined ? undefined : realm.value(JSON.parse(text) as unknown)
  }
  const write = (key: unknown, data: unknown) => {
    const text = JSON.stringify(data) ?? 'null'
    const refusal = storageRefusal(memory, String(key), text)
    if (refusal) throw new WxFailure(refusal)
    memory.set(String(key), text)
  }
  const info = (): Answer => ({
    keys: [...memory.keys()],
    currentSize: Math.ceil(bytesOf([...memory.values()].join('')) / 1024),
    limitSize: ALL_BYTES / 1024,
  })
  return {
    getStorageSync: (key: unknown) => read(key) ?? '',
    setStorageSync: write,
    removeStorageSync: (key: unknown) => void memory.delete(String(key)),
    clearStorageSync: () => memory.clear(),
    getStorageInfoSync: () => realm.value(info()),
    getStorage: asyncApi(ground, 'getStorage', ({ key }) => {
      if (!memory.has(String(key))) throw new WxFailure('data not found')
      return { data: read(key) }
    }),
    setStorage: asyncApi(ground, 'setStorage', ({ key, data }) => write(key, data)),
    removeStorage: asyncApi(ground, 'removeStorage', ({ key }) => void memory.delete(String(key))),
    clearStorage: asyncApi(ground, 'clearStorage', () => memory.clear()),
    getStorageInfo: asyncApi(ground, 'getStorageInfo', info),
  }
}

function storageRefusal(memory: PhoneStorage, key: string, text: string): string | null {
  if (bytesOf(text) > KEY_BYTES) return 'entry size limit reached'
  const others = [...memory].filter(([one]) => one !== key).map(([, data]) => bytesOf(data))
  const all = others.reduce((sum, bytes) => sum + bytes, bytesOf(text))
  return all > ALL_BYTES ? 'exceed storage max size 10Mb' : null
}

const bytesOf = (text: string): number => Buffer.byteLength(text)
