#!/bin/sh
# Records the voices of the emulator's simulated people (crates/twilio-emulator/voices) with espeak-ng and
# sox. The recordings are checked in; run this only to change what people say.
set -eu

cd "$(dirname "$0")/../crates/twilio-emulator/voices"

# say FILE VOICE PITCH WORDS-PER-MINUTE TEXT
say() {
    espeak-ng -v "$2" -p "$3" -s "$4" --stdout "$5" |
        # A telephone's band, no silence around the words, one loudness, 8 kHz mu-law.
        sox -t wav - -r 8000 -c 1 -e mu-law "$1.wav" \
            highpass 200 lowpass 3400 \
            silence 1 0.02 0.5% reverse silence 1 0.02 0.5% reverse \
            norm -3
}

# person NAME VOICE PITCH WORDS-PER-MINUTE GREETING REPLY REPLY REPLY REPLY GOODBYE
person() {
    say "$1-greeting" "$2" "$3" "$4" "$5"
    say "$1-reply-1" "$2" "$3" "$4" "$6"
    say "$1-reply-2" "$2" "$3" "$4" "$7"
    say "$1-reply-3" "$2" "$3" "$4" "$8"
    say "$1-reply-4" "$2" "$3" "$4" "$9"
    say "$1-goodbye" "$2" "$3" "$4" "${10}"
}

person anna en-us+f3 60 165 \
    "Hello, this is Anna." \
    "Oh, that sounds interesting. How does it work?" \
    "Yes, I have a couple of minutes." \
    "We use something else at the moment, but I am listening." \
    "And what would that cost us?" \
    "All right, thank you for the call. Goodbye."

person ben en-us+m3 40 160 \
    "Ben speaking, hello?" \
    "I see. Who else is using it?" \
    "Sure, go ahead." \
    "I would have to talk to my partner about that." \
    "Could you send me that by e-mail?" \
    "Okay, I have to run. Bye."

person clara en-gb+f2 50 155 \
    "Good morning, Clara here." \
    "Well, we did look at that last year." \
    "That is a fair point." \
    "How long would it take to set up?" \
    "I am not quite sure I follow. Could you say that again?" \
    "Lovely. Talk to you next week, then. Goodbye."

person david en-gb+m1 30 150 \
    "Hello, David." \
    "Where did you get my number, if I may ask?" \
    "Hm, go on." \
    "We have about twenty people who would need it." \
    "That might actually help us." \
    "Right, thanks. Goodbye now."

say voicemail-greeting en-us+f4 50 160 \
    "Hi, you have reached my voicemail. I can not come to the phone right now. Please leave a message after the tone."
