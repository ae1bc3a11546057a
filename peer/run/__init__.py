"""`peer run`: a peer that stays, beats on its schedule, and is woken by letters.

    supervisor   the parent: touches no share, starts the worker, ends it when it gives no sign
    __main__     the worker's process: its signs of life, its orders to stop
    resident     the worker's loop: what comes next, and when
    beats        which slots of the timetable were beaten
    watching     which names are new on the share; by the system's word, or by looking

Rules: only the worker touches the share, so that whatever a frozen drive holds fast can be killed;
a watcher's word is a hint, a listing is the truth; nothing is written between beats.
"""
