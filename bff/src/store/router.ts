import { openProcedure, router } from '../trpc'
import { listStores } from './list-stores'

export const storeRouter = router({
  list: openProcedure.query(({ ctx }) => listStores(ctx.verb)),
})
