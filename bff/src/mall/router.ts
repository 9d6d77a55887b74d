import { router } from '../trpc'

export const mallRouter = router({})
