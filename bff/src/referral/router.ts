import { router } from '../trpc'

export const referralRouter = router({})
