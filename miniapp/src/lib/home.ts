import { api } from './api'
import { renewProof } from './code-proof'
import { learnClock } from './member-code'
import { queryClient, readerOf, useRead } from './query'

/** The home screen's one read; each fresh answer also tells the server's clock. */
export const useHome = ({ enabled = true } = {}) => useRead(['home'], readHome, { keepAs: 'home', enabled })

async function readHome() {
  const sent = Date.now()
  const home = await api.home.show.query()
  learnClock(new Date(home.asOf).getTime(), sent)
  void renewProof()
  return home
}

/** The home screen as it is now, for who cannot wait for the next look at it. */
export const askHome = () => queryClient.fetchQuery({ queryKey: ['home', readerOf()], queryFn: readHome, staleTime: 0 })
