import Taro from '@tarojs/taro'
import { platform } from './device'

interface Arrival {
  channel: string
  link?: string
  storeId?: string
  scene?: number
}

/** Where this visit came from, as the address or WeChat says; noted before anybody has joined. */
export function arrivalOf(): Arrival {
  const { query = {}, scene } = launch()
  const link = typeof query.l === 'string' && /^[0-9A-Za-z]{1,10}$/.test(query.l) ? query.l : undefined
  const storeId = typeof query.s === 'string' && /^[a-z0-9-]{1,32}$/.test(query.s) ? query.s : undefined
  return {
    channel: storeId ? 'store' : platform,
    ...(link ? { link } : {}),
    ...(storeId ? { storeId } : {}),
    ...(typeof scene === 'number' ? { scene } : {}),
  }
}

function launch(): { query?: Record<string, unknown>; scene?: number } {
  try {
    return Taro.getLaunchOptionsSync() as { query?: Record<string, unknown>; scene?: number }
  } catch {
    return {}
  }
}
