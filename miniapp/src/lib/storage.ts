import Taro from '@tarojs/taro'

const PREFIX = 'hy.'

/** A value kept on this phone; null when there is none or it cannot be read. */
export function kept<T>(name: string): T | null {
  try {
    const text = Taro.getStorageSync<string>(PREFIX + name)
    return text ? (JSON.parse(text) as T) : null
  } catch {
    return null
  }
}

/** Keeps a value on this phone; a full storage loses it silently, since everything kept here can be asked for again. */
export function keep(name: string, value: unknown): void {
  try {
    if (value === null || value === undefined) Taro.removeStorageSync(PREFIX + name)
    else Taro.setStorageSync(PREFIX + name, JSON.stringify(value))
  } catch {
    // nothing to do: see above
  }
}

/**
 * Keeps what cannot be asked for again, and reads it back. False when there was no room: whoever calls must say so
 * instead of going on.
 */
export function keepForSure(name: string, value: unknown): boolean {
  try {
    Taro.setStorageSync(PREFIX + name, JSON.stringify(value))
    return JSON.stringify(kept(name)) === JSON.stringify(value)
  } catch {
    return false
  }
}
