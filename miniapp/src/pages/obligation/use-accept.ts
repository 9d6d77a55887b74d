import Taro from '@tarojs/taro'
import { api } from '../../lib/api'
import { refresh, useCommand } from '../../lib/query'

const SAID = {
  staff_scan: '接下了，下次到店出示会员码',
  counted: '接下了，做到就自动记上',
  handed_in: '接下了，写好就能交上来',
}

/** Takes a small thing upon oneself. */
export const useAccept = () =>
  useCommand(async (obligationId: string, requestId) => {
    const accepted = await api.obligation.accept.mutate({ requestId, obligationId })
    void Taro.showToast({ title: SAID[accepted.proof], icon: 'none', duration: 2_000 })
    await refresh('obligations', 'obligation', 'home')
    return accepted
  })
