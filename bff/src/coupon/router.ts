import { router } from '../trpc'

export const couponRouter = router({})
