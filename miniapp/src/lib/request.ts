import Taro from '@tarojs/taro'
import { learnServerTime } from './arrival-clock'

const TIMEOUT_MS = 15_000

/** The network did not answer: no connection, cut off, or too slow. */
export class NoAnswer extends Error {
  constructor(readonly kind: 'offline' | 'slow') {
    super(kind)
  }
}

interface Wish {
  method?: string
  body?: unknown
  headers?: Record<string, string>
}

/** What tRPC's batch link needs of fetch, over Taro.request, which works in WeChat and in browsers. */
export function taroFetch(
  url: string,
  { method = 'GET', body, headers }: Wish = {},
): Promise<{ json(): Promise<unknown> }> {
  return new Promise((resolve, reject) => {
    Taro.request({
      url,
      method: method as 'GET' | 'POST',
      data: body,
      header: headers ?? {},
      dataType: 'text',
      responseType: 'text',
      timeout: TIMEOUT_MS,
      success: ({ data, header }) => {
        learnServerTime(header, Date.now())
        resolve({ json: async () => (typeof data === 'string' ? JSON.parse(data) : data) })
      },
      fail: ({ errMsg }) => reject(new NoAnswer(/time.?out/i.test(errMsg ?? '') ? 'slow' : 'offline')),
      // Taro rejects a promise of its own besides, which nobody would catch
    }).catch(() => {})
  })
}
