import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { refresh } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'
import type { Visit } from './phase'
import { ofVisit } from './use-sale'

export type Service = RouterOutputs['right']['atCounter']['services'][number]
type Used = RouterOutputs['right']['use']

const PERIOD: Record<string, string> = { day: '今天', week: '这周', month: '这个月', year: '今年' }

/** `这个月还有 2 次`, or when it is back. */
export function serviceWords({ state, left, period, backAt }: Service, now = new Date()): string {
  if (state === 'used_up') return backAt ? `用完了，${dayWords(new Date(backAt), now)}再来` : '用完了'
  return left === null ? '不限次' : `${PERIOD[period ?? ''] ?? ''}还有 ${left} 次`
}

/** Free services of this customer, each a tap and a yes away; on a phone the first two. */
export function Services({ services, visit }: { services: Service[]; visit: Visit }) {
  const [chosen, setChosen] = useState<Service | null>(null)
  return (
    <View className="st-services">
      {services.map((service) => (
        <View key={service.rightId} className={`st-service${service.state === 'used_up' ? ' st-service--over' : ''}`}>
          <Icon name="cup" size="m" className={service.state === 'available' ? 'hy-brandly' : 'hy-3'} />
          <View className="st-service__main">
            <Text className="hy-bold">{service.title}</Text>
            <Text className="hy-caption hy-2 st-service__left">{serviceWords(service)}</Text>
          </View>
          {service.state === 'available' && (
            <Button
              id={`service-${service.rightId}`}
              small
              kind="secondary"
              label={`${service.title}，用一次`}
              onTap={() => setChosen(service)}
            >
              用一次
            </Button>
          )}
        </View>
      ))}
      {chosen && <ServiceSheet service={chosen} visit={visit} onClose={() => setChosen(null)} />}
    </View>
  )
}

function ServiceSheet({ service, visit, onClose }: { service: Service; visit: Visit; onClose: () => void }) {
  const [done, setDone] = useState<Used | null>(null)
  const using = useSteady((input: { visitId: string; memberRef: string; rightId: string }, requestId) =>
    api.right.use.mutate({ requestId, ...input }),
  )
  const send = async () => {
    const used = await using.run({ ...ofVisit(visit), rightId: service.rightId })
    // also a refusal says that what is listed is old
    void refresh('right.atCounter')
    if (used) setDone(used)
  }
  return (
    <Sheet open onClose={onClose} title={done ? '记下了' : `用一次「${service.title}」？`}>
      {done ? (
        <View id="service-done" className="st-good" {...aria({ role: 'alert' })}>
          <Icon name="check" size="m" />
          <View className="st-good__main">
            <View className="hy-bold">{done.title}</View>
            <View className="hy-caption">{doneWords(done, service)}</View>
          </View>
        </View>
      ) : (
        <View className="hy-2">{[service.words, `${serviceWords(service)}，做好了就记一次。`].join(' ')}</View>
      )}
      <View className="hy-dock">
        {using.fault && <FaultNote fault={using.fault} onRetry={() => void send()} />}
        {using.unsure && <Text className="hy-caption hy-2 st-unsure">再点一次就好，不会记两次</Text>}
        {done ? (
          <Button id="service-close" block onTap={onClose}>
            好了
          </Button>
        ) : (
          <Button id="service-submit" block busy={using.busy} onTap={() => void send()}>
            用一次
          </Button>
        )}
      </View>
    </Sheet>
  )
}

function doneWords({ left, backAt }: Used, { period }: Service): string {
  const state = left === 0 ? 'used_up' : 'available'
  return serviceWords({ rightId: '', title: '', words: '', state, left, period, backAt })
}
