import { View } from '@tarojs/components'
import { api } from '../../lib/api'
import { refresh, useCommand } from '../../lib/query'
import { FaultNote } from '../../ui/states'
import { Switch } from '../../ui/switch'
import type { Honour } from './honours'

/** Whether others see my name on the wall; nobody does before I say so. */
export function OnWall({ honour: { honourId, name, onWall } }: { honour: Honour }) {
  const set = useCommand(async (on: boolean, requestId) => {
    const input = { requestId, honourId }
    await (on ? api.honour.putOnWall.mutate(input) : api.honour.takeOffWall.mutate(input))
    await refresh('honours', 'wall')
  })
  return (
    <View>
      <View className="ho-wall-row">
        <View className="hy-grow">
          <View>让别人在荣誉墙上看到我</View>
          <View className="hy-caption hy-3">只写会员卡上的称呼和从哪个月起，随时可以撤下</View>
        </View>
        <Switch
          id={`on-wall-${honourId}`}
          on={onWall}
          busy={set.busy}
          label={`在${name}的荣誉墙上显示我的称呼`}
          onChange={(on) => void set.run(on)}
        />
      </View>
      {set.fault && <FaultNote fault={set.fault} />}
    </View>
  )
}
