import { router } from '../trpc'

export const obligationRouter = router({})
