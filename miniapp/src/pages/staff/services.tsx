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
import { type Service, serviceWords } from './counter-words'
import type { Visit } from './phase'
import type { Counter } from './use-counter'
import { ofVisit } from './use-sale'

type Used = RouterOutputs['right']['use']

/** Free services of this customer, each a tap and a yes away; on a phone the first two. */
export function Services({ services, visit, counter }: { services: Service[]; visit: Visit; counter: Counter }) {
  const { over, setOver } = counter
  const [chosen, setChosen] = useState<Service | null>(null)
  const ask = (service: Service) => {
    setChosen(service)
    setOver('service')
  }
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
              onTap={() => ask(service)}
            >
              用一次
            </Button>
          )}
        </View>
      ))}
      {chosen && over === 'service' && <ServiceSheet service={chosen} visit={visit} onClose={() => setOver(null)} />}
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
