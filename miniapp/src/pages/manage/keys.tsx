import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { refresh, useRead } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { Cell, Chip, Panel, Section, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import type { Job } from '../../ui/operator-page'
import { Sheet } from '../../ui/sheet'
import { Empty, States } from '../../ui/states'
import { ConfirmSheet, SendDock } from './confirm-sheet'
import { Secret } from './secret'
import { factsText, momentWords, sinceWords, tillName } from './words'

type TillKey = RouterOutputs['till']['listKeys']['keys'][number]

const LABEL_LENGTH = 40
const STEP = 6
const MOST = 100

/** Which till systems may act at the tills of this store. */
export function KeysView({ job }: { job: Job }) {
  const read = useRead(['till.listKeys'], () => api.till.listKeys.query())
  const [making, setMaking] = useState(false)
  const [ending, setEnding] = useState<TillKey | null>(null)
  return (
    <View>
      <Panel pad>
        <View className="hy-title">收银密钥</View>
        <View className="hy-2 hy-mt1">让收银系统直接报单：一个密钥管一个收银台，随时可以停用。</View>
        <View className="hy-dock">
          <Button id="key-new" block kind="secondary" onTap={() => setMaking(true)}>
            新建密钥
          </Button>
        </View>
      </Panel>
      <View className="mn-list">
        <States read={read}>
          {({ keys }) =>
            keys.length === 0 ? (
              <Empty title="还没有密钥" sub="收银系统要接进来的时候，再建一个" />
            ) : (
              <Keys keys={keys} job={job} onEnd={setEnding} />
            )
          }
        </States>
      </View>
      <View>
        {making && <NewKey job={job} onClose={() => setMaking(false)} />}
        {ending && <EndKey tillKey={ending} onClose={() => setEnding(null)} />}
      </View>
    </View>
  )
}

function Keys({ keys, job, onEnd }: { keys: TillKey[]; job: Job; onEnd: (key: TillKey) => void }) {
  const { shown } = useGrowing(keys, STEP, MOST)
  return (
    <View id="keys">
      <Section title="现有的" />
      <Panel>
        {shown.map((key) => (
          <Cell
            key={key.keyId}
            icon="lock"
            tone={key.revokedAt ? 'quiet' : 'accent'}
            title={key.label}
            sub={subOf(key, job)}
            end={
              key.revokedAt ? (
                <Tag>已停用</Tag>
              ) : (
                <Button id={`end-${key.keyId}`} small kind="line" label={`停用 ${key.label}`} onTap={() => onEnd(key)}>
                  停用
                </Button>
              )
            }
          />
        ))}
      </Panel>
    </View>
  )
}

function subOf({ tillId, createdAt, lastUsedAt, revokedAt }: TillKey, job: Job): string {
  const used = lastUsedAt ? `${momentWords(lastUsedAt)} 用过` : '还没用过'
  return factsText([
    tillName(job.tills, tillId),
    revokedAt ? `${momentWords(revokedAt)} 停用` : used,
    sinceWords(createdAt, '建'),
  ])
}

function NewKey({ job, onClose }: { job: Job; onClose: () => void }) {
  const [tillId, setTillId] = useState(job.tills[0]?.tillId ?? '')
  const [label, setLabel] = useState('')
  const [made, setMade] = useState<{ secret: string | null } | null>(null)
  const making = useSteady((input: { tillId: string; label: string }, requestId) =>
    api.till.createKey.mutate({ requestId, ...input }),
  )
  const send = async () => {
    if (label.trim() === '' || tillId === '') return
    const created = await making.run({ tillId, label: label.trim() })
    if (!created) return
    setMade(created)
    void refresh('till.listKeys')
  }
  return (
    <Sheet open onClose={onClose} title={made ? '密钥建好了' : '新建密钥'}>
      {made ? (
        <Secret secret={made.secret} words="请存进收银系统的设置里：" onDone={onClose} />
      ) : (
        <View>
          <View className="hy-caption hy-2">哪个收银台</View>
          <View className="mn-chips">
            {job.tills.map((till) => (
              <View key={till.tillId} id={`key-till-${till.tillId}`}>
                <Chip on={till.tillId === tillId} onTap={() => setTillId(till.tillId)}>
                  {till.name}
                </Chip>
              </View>
            ))}
          </View>
          <Field
            id="key-label"
            label="给谁用，方便认出来"
            placeholder="比如：前台收银机"
            value={label}
            maxLength={LABEL_LENGTH}
            onInput={setLabel}
            onConfirm={() => void send()}
          />
          <SendDock
            id="key-submit"
            button="新建"
            sending={making}
            disabled={label.trim() === ''}
            onSend={() => void send()}
          />
        </View>
      )}
    </Sheet>
  )
}

function EndKey({ tillKey, onClose }: { tillKey: TillKey; onClose: () => void }) {
  const ending = useSteady((input: { keyId: string }, requestId) => api.till.revokeKey.mutate({ requestId, ...input }))
  const send = async () => {
    if (!(await ending.run({ keyId: tillKey.keyId }))) return
    void refresh('till.listKeys')
    onClose()
  }
  return (
    <ConfirmSheet
      id="key-end"
      title={`停用「${tillKey.label}」？`}
      words="停用以后，用它的收银系统马上不能报单，也不能恢复。要接着用就建一个新的。"
      button="停用"
      sending={ending}
      onSend={() => void send()}
      onClose={onClose}
    />
  )
}
