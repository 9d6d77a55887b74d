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
