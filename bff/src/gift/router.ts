import { router } from '../trpc'

export const giftRouter = router({})
