import Taro from '@tarojs/taro'
import { create } from 'zustand'

/** Whether this phone says that it has a network. */
export const useOnline = create(() => ({ online: true }))

const listeners = new Set<(online: boolean) => void>()

/** Watches the network from the start of the app on. */
export function watchNetwork(): void {
  const set = (online: boolean) => {
    useOnline.setState({ online })
    for (const listener of listeners) listener(online)
  }
  Taro.getNetworkType({ success: ({ networkType }) => set(networkType !== 'none') })
  Taro.onNetworkStatusChange(({ isConnected }) => set(isConnected))
}

export const onNetwork = (listener: (online: boolean) => void): void => void listeners.add(listener)
