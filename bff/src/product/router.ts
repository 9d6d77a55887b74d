import { memberProcedure, openProcedure, router } from '../trpc'
import { listProducts, showMenu } from './list-products'

export const productRouter = router({
  window: openProcedure.query(({ ctx }) => showMenu(ctx.verb)),
  list: memberProcedure.query(({ ctx }) => listProducts(ctx.verb)),
})
