import Taro from '@tarojs/taro'
import { api } from '../../lib/api'
import { refresh, useCommand } from '../../lib/query'

/** Takes a small thing upon oneself. */
export const useAccept = () =>
  useCommand(async (obligationId: string, requestId) => {
    const accepted = await api.obligation.accept.mutate({ requestId, obligationId })
    void Taro.showToast({ title: '接下了，下次到店出示会员码', icon: 'none', duration: 2_000 })
    await refresh('obligations', 'home')
    return accepted
  })
