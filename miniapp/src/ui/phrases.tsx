import { Text } from '@tarojs/components'

const PHRASE = /[^，。；！？]+[，。；！？]*[」”]?/g

/** Words of a title that part between phrases, as one breathes, and only inside of one where it is too long for a line. */
export const Phrases = ({ words }: { words: string }) =>
  (words.match(PHRASE) ?? [words]).map((phrase, nth) => (
    <Text key={nth} className="hy-phrase">
      {phrase}
    </Text>
  ))
