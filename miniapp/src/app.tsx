import { QueryClientProvider } from '@tanstack/react-query'
import { mergeInternalComponents } from '@tarojs/shared'
import { useLaunch } from '@tarojs/taro'
import type { PropsWithChildren } from 'react'
import { watchArrival } from './lib/arrival'
import { watchNetwork } from './lib/network'
import { queryClient, wireQueries } from './lib/query'
import { startSession } from './lib/session'
import './tokens.css'
import './ui/ui.css'

if (process.env.TARO_ENV === 'weapp') mergeInternalComponents(ARIA_ATTRIBUTES)

const QUIET_MS = 2_000

/** Starts what lives as long as the app: session, network watch, server state. */
export default function App({ children }: PropsWithChildren) {
  useLaunch(() => {
    wireQueries()
    watchNetwork()
    watchArrival()
    void startSession()
    // the code has to open without a network, so a browser fetches its page while there is one
    if (process.env.TARO_ENV === 'h5') setTimeout(() => void import('./tabs/code').catch(() => {}), QUIET_MS)
  })
  return <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
}
