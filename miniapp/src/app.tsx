import { QueryClientProvider } from '@tanstack/react-query'
import { mergeInternalComponents } from '@tarojs/shared'
import { useLaunch } from '@tarojs/taro'
import type { PropsWithChildren } from 'react'
import { watchNetwork } from './lib/network'
import { queryClient, wireQueries } from './lib/query'
import { startSession } from './lib/session'
import './tokens.css'
import './ui/ui.css'

if (process.env.TARO_ENV === 'weapp') mergeInternalComponents(ARIA_ATTRIBUTES)

/** Starts what lives as long as the app: session, network watch, server state. */
export default function App({ children }: PropsWithChildren) {
  useLaunch(() => {
    wireQueries()
    watchNetwork()
    void startSession()
  })
  return <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
}
