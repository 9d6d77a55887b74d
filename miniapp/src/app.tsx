import { QueryClientProvider } from '@tanstack/react-query'
import { mergeInternalComponents } from '@tarojs/shared'
import { useLaunch } from '@tarojs/taro'
import type { PropsWithChildren } from 'react'
import { watchArrival } from './lib/arrival'
import { watchNetwork } from './lib/network'
import { queryClient, wireQueries } from './lib/query'
import { startSession } from './lib/session'
import { kept } from './lib/storage'
import { keepPages } from './lib/without-network'
import './tokens.css'
import './ui/ui.css'

if (process.env.TARO_ENV === 'weapp') mergeInternalComponents(ARIA_ATTRIBUTES)

const QUIET_MS = 2_000

/** What has to open without a network is fetched while there is one: the code, and at a tablet the counter that goes on alone. */
function fetchAhead(): void {
  if (process.env.TARO_ENV === 'h5') {
    const tablet = kept('tablet') ? import('./pages/staff/offline') : null
    void Promise.allSettled([import('./tabs/code'), tablet]).then(keepPages)
  }
}

/** Starts what lives as long as the app: session, network watch, server state. */
export default function App({ children }: PropsWithChildren) {
  useLaunch(() => {
    wireQueries()
    watchNetwork()
    watchArrival()
    void startSession()
    if (process.env.TARO_ENV === 'h5') setTimeout(fetchAhead, QUIET_MS)
  })
  return <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
}
