"""How good the detectors and a policy are, measured on clips whose happenings are known and on rendered exams.

In: an annotation file (CSV, comment lines begin with #) and the clips that it names, or a number of exams to render.
Out: recall, onset error and false events per candidate-hour with 95 % intervals, as tables, JSON and CSV, and one
timeline picture a clip.
How: pictures are read, sampled and packed as ingest does, and the sound track is cut as it does; both are looked at and
listened to as the detectors do, the first minute's face registered and later ones compared with it, and folded as
scoring does, in this process (two of them at most beside it), without broker or server. What was seen of a clip is kept
in the state folder under the content, the detectors' code and models, and the rate: another policy folds it in seconds.
Fails: InputError with every mistake of the annotation file and its line.

The annotation file:

    # where the clips come from
    clip,label,start_s,end_s
    desk.mp4,look_away_left,3.2,4.1
    desk.mp4,phone,10,17.5
    still.mp4,none,,

`clip`: a file below the folder of the clips. `label`: a happening (`proctor evaluate --labels` lists them), or any rule
or label of the policy; `none` says that nothing happens in the clip. Times in seconds from the clip's start, `end_s`
behind `start_s`; happenings of one label in one clip do not overlap. Everything that a rule may speak of has to be
annotated: an event that no happening explains is false.

A happening is judged twice. In the signals: does the number that should show it do so for at least half of its time,
and when first? And, when it lasts longer than the rule's hold: does the rule's event cover at least half of it? So what
is too short for any rule is judged by the signals alone, and an event of it is neither asked for nor false.
"""
