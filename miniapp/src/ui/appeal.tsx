import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { useState } from 'react'
import { useCommand } from '../lib/query'
import { Button } from './button'
import { FaultNote } from './states'
import { lettersOf, WritingField } from './writing-field'

const MOST = 200

interface AppealWish {
  /** Until when, as ISO text. */
  until: string
  placeholder: string
  send: (words: string, requestId: string) => Promise<unknown>
}

/** Asks, once, that another colleague looks at a refusal again. */
export function Appeal({ until, placeholder, send }: AppealWish) {
  const [asked, setAsked] = useState(false)
  const [words, setWords] = useState('')
  const appeal = useCommand(async (said: string, requestId) => {
    await send(said, requestId)
    void Taro.showToast({ title: '收到了，会请另一位同事再看', icon: 'none', duration: 2_000 })
  })
  if (!asked)
    return (
      <View className="hy-dock">
        <Button id="appeal-open" kind="line" block onTap={() => setAsked(true)}>
          觉得不对，申诉
        </Button>
        <View className="hy-caption hy-3 hy-center hy-mt2">
          {`${dayWords(new Date(until), new Date())}前可以申诉一次`}
        </View>
      </View>
    )
  return (
    <View id="appeal">
      <WritingField
        id="appeal-words"
        label="说说你的情况"
        value={words}
        onInput={setWords}
        most={MOST}
        placeholder={placeholder}
      />
      {appeal.fault && (
        <View className="hy-mt3">
          <FaultNote fault={appeal.fault} onRetry={() => void appeal.run(words.trim())} />
        </View>
      )}
      <View className="hy-dock">
        <Button
          id="appeal-send"
          block
          busy={appeal.busy}
          disabled={lettersOf(words) === 0}
          onTap={() => void appeal.run(words.trim())}
        >
          提交申诉
        </Button>
      </View>
    </View>
  )
}

interface AskedWish {
  state: 'asked' | 'granted' | 'declined'
  words: string
  /** ISO text. */
  askedAt: string
  answer: string | null
  /** What it means here that an appeal was granted, or was not. */
  outcome: { granted: string; declined: string }
}

/** An appeal and what became of it. */
export const Asked = ({ state, words, askedAt, answer, outcome }: AskedWish) => (
  <View id="appeal-asked">
    <Said title={`${dayWords(new Date(askedAt), new Date())}，你的申诉`} words={words} mine />
    {state === 'asked' ? (
      <View className="hy-caption hy-3 hy-mt2">由另一位同事再看一遍，有结果会写在这里。</View>
    ) : (
      <Said title={outcome[state]} words={answer || '按活动规则处理'} />
    )}
  </View>
)

/** What somebody wrote, and who. */
export const Said = ({ title, words, mine }: { title: string; words: string; mine?: boolean }) => (
  <View className={`hy-said${mine ? ' hy-said--mine' : ''}`}>
    <View className="hy-caption hy-2">{title}</View>
    <View>{words}</View>
  </View>
)
