import { ARTICLE_ARTS, ARTICLE_LENGTHS, type ArticleProblem } from '@huiyuan/shared/article'
import { Text, View } from '@tarojs/components'
import type { RouterOutputs } from '../../lib/api'
import { Chip } from '../../ui/blocks'
import { Field } from '../../ui/field'
import { tapProps } from '../../ui/tap'
import { WritingField } from '../../ui/writing-field'
import { ArticleArt } from './art'
import type { DraftFields } from './draft-form'

const ART_NAMES: Record<(typeof ARTICLE_ARTS)[number], string> = {
  mountain: '山',
  kiln: '窑',
  steam: '热茶',
  persimmon: '柿子',
  lamp: '夜灯',
  cup: '杯子',
  letter: '信',
}

interface FieldsWish {
  fields: DraftFields
  activities: RouterOutputs['article']['draft']['activities']
  problems: ArticleProblem[]
  onChange: (fields: DraftFields) => void
}

/** Everything that an article is made of. */
export function Fields({ fields, activities, problems, onChange }: FieldsWish) {
  const set = (part: Partial<DraftFields>) => onChange({ ...fields, ...part })
  const wrong = (field: ArticleProblem['field']) => problems.find((one) => one.field === field)?.words
  return (
    <View>
      <Field
        id="draft-title"
        label="标题"
        value={fields.title}
        maxLength={ARTICLE_LENGTHS.title.max}
        {...noted(wrong('title'))}
        onInput={(title) => set({ title })}
      />
      <View className="at-summary-field">
        <WritingField
          id="draft-summary"
          label="提要"
          value={fields.summary}
          most={ARTICLE_LENGTHS.summary.max}
          least={ARTICLE_LENGTHS.summary.min}
          onInput={(summary) => set({ summary })}
        />
      </View>
      <View className="at-body-field">
        <WritingField
          id="draft-body"
          label="正文（一行一段，# 是小标题，- 是一条）"
          value={fields.body}
          most={ARTICLE_LENGTHS.body.max}
          least={ARTICLE_LENGTHS.body.min}
          onInput={(body) => set({ body })}
        />
      </View>
      <View className="at-part">
        <Text className="hy-field__label">题图</Text>
      </View>
      <View className="at-arts">
        {ARTICLE_ARTS.map((art) => (
          <View
            key={art}
            id={`art-${art}`}
            className={`at-pick${fields.art === art ? ' at-pick--on' : ''}`}
            {...tapProps(() => set({ art }), fields.art === art ? `${ART_NAMES[art]}，已选` : ART_NAMES[art])}
          >
            <ArticleArt art={art} className="at-pick__art" />
          </View>
        ))}
      </View>
      {activities.length > 0 && (
        <View className="at-part">
          <Text className="hy-field__label">说的是哪个活动</Text>
          <View className="at-when">
            <Chip on={fields.obligationId === null} onTap={() => set({ obligationId: null })}>
              不说活动
            </Chip>
            {activities.map(({ obligationId, title }) => (
              <Chip key={obligationId} on={fields.obligationId === obligationId} onTap={() => set({ obligationId })}>
                {title}
              </Chip>
            ))}
          </View>
        </View>
      )}
      <View className="at-part">
        <Field
          id="draft-from"
          label="上线时间"
          value={fields.from}
          placeholder="2026-11-25 08:00"
          {...noted(wrong('publishFrom'))}
          onInput={(from) => set({ from })}
        />
      </View>
      <Field
        id="draft-until"
        label="下线时间（留空就一直在）"
        value={fields.until}
        placeholder="2026-12-25 08:00"
        {...noted(wrong('publishUntil'))}
        onInput={(until) => set({ until })}
      />
    </View>
  )
}

const noted = (words: string | undefined) => (words ? { hint: words, bad: true } : {})
