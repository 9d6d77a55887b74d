import { countText } from '@huiyuan/shared/money'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { faultText } from '../../lib/fault-text'
import { type Read, refresh } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { aria } from '../../ui/aria'
import { Cell } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { FaultNote, States } from '../../ui/states'
import type { Visit } from './phase'
import { ofVisit } from './use-sale'
import type { AtCounter } from './use-waits'

type CheckedIn = RouterOutputs['obligation']['checkIn']

interface CheckInWish {
  read: Read<{ obligations: AtCounter[] }>
  visit: Visit
  onClose: () => void
}

/** What the customer has taken on and may have checked in here: one tap each. */
export function CheckInSheet({ read, visit, onClose }: CheckInWish) {
  const [done, setDone] = useState<CheckedIn | null>(null)
  const [chosen, setChosen] = useState('')
  const checking = useSteady((input: { visitId: string; memberRef: string; obligationId: string }, requestId) =>
    api.obligation.checkIn.mutate({ requestId, ...input }),
  )
  const checkIn = async (obligationId: string) => {
    if (checking.busy) return
    setChosen(obligationId)
    setDone(null)
    const answer = await checking.run({ ...ofVisit(visit), obligationId })
    if (!answer) return
    setDone(answer)
    void refresh('obligation.atCounter')
  }
  return (
    <Sheet open onClose={onClose} title="义务签到">
      {done && <DoneNote done={done} />}
      {checking.fault && <FaultNote fault={checking.fault} onRetry={() => void checkIn(chosen)} />}
      <States read={read}>
        {({ obligations }) => (
          <View id="obligations" className="st-list">
            {obligations.map((one) => (
              <Cell
                key={one.obligationId}
                icon="leaf"
                title={one.title}
                sub={`${one.progress}/${one.target}${one.refusal ? ` · ${faultText(one.refusal).title}` : ''}`}
                end={
                  <Button
                    id={`check-in-${one.obligationId}`}
                    small
                    kind="secondary"
                    busy={checking.busy && chosen === one.obligationId}
                    disabled={one.refusal !== null || (checking.unsure && chosen !== one.obligationId)}
                    label={`${one.title}，签到一次`}
                    onTap={() => void checkIn(one.obligationId)}
                  >
                    签到
                  </Button>
                }
              />
            ))}
            {obligations.length === 0 && <View className="hy-2">这位顾客还没有接下可以签到的约定</View>}
          </View>
        )}
      </States>
    </Sheet>
  )
}

/** `记下了 3/10`, or that it is done and what it brought. */
export function checkedWords({ progress, target, rewarded }: CheckedIn): string {
  if (!rewarded) return `记下了，${progress}/${target}`
  const gains = [
    rewarded.points > 0 ? `+${countText(rewarded.points)} 积分` : null,
    rewarded.honourName && `获得「${rewarded.honourName}」`,
  ]
  return ['完成了', ...gains].filter(Boolean).join('，')
}

const DoneNote = ({ done }: { done: CheckedIn }) => (
  <View id="checked-in" className="st-good" {...aria({ role: 'alert' })}>
    <Icon name={done.rewarded ? 'medal' : 'check'} size="m" />
    <View className="st-good__main">
      <View className="hy-bold">{done.title}</View>
      <View className="hy-caption">{checkedWords(done)}</View>
    </View>
  </View>
)
