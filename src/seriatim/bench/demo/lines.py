"""What people say in a demo: short conversations, told by speakers A, B, C ... that the demo casts."""

PEOPLE = (
    "Maya Lindqvist",
    "Tomás Herrera",
    "Priya Raman",
    "Jonas Weber",
    "Aiko Tanaka",
    "Samuel Okafor",
    "Élise Moreau",
    "Noor Haddad",
    "Ben Whitaker",
    "Ingrid Solberg",
    "Rafael Costa",
    "Chloe Nguyen",
)

CHANNELS: tuple[tuple[str, str], ...] = (("General", "general"), ("Engineering", "engineering"), ("Kitchen", "kitchen"))
"""Public channels: title, and the topic their talk is taken from."""
GROUPS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("Weekend hike", "hike", (0, 3, 5, 8, 9)),
    ("Release 2.4", "release", (1, 2, 3, 7, 10)),
    ("Film night", "film", (0, 4, 6, 8, 11)),
    ("Choir logistics", "choir", (2, 6, 7, 9, 11)),
)
"""Groups: title, topic, and who is in it besides the demo account."""
DIRECTS = 6
"""So many people talk with the demo account directly; some talk with each other."""

SCRIPTS: dict[str, tuple[str, ...]] = {
    "general": (
        """A: Morning all. The lift is out of order again, use the stairs at the back
           B: Fourth floor is my cardio for today then
           C: The technician told me he'd be here by noon
           A: He told me that yesterday as well
           D: I admire his consistency""",
        """A: Does anybody have a spare USB-C charger until lunch?
           B: Yes, the grey one on my desk. Bring it back, it has sentimental value
           A: It has a bite mark
           B: As I said""",
        """A: New starters on Monday: two in design, one in support. Please say hello
           B: I can do the tour if nobody else wants to
           C: Take them past the window with the heron nest
           D: Still the best argument for working here
           A: Thanks B, you're on the list: 9:30 at the door""",
        """A: Who left the window open in the small meeting room? There's a pigeon in there
           B: Is it in the calendar?
           A: Until four, apparently
           C: I'll get a box. Keep the door shut please
           C: Pigeon is out. The whiteboard needs cleaning
           A: You are a hero""",
        """A: Fire drill on Thursday at 11. It is a drill. It is also not optional
           B: Last time we met on the wrong side of the car park
           A: South side, by the bicycle stands. There is a sign now
           C: I'll be on a train, does that count as evacuated?""",
        """A: The numbers for the quarter are on the wiki, with comments by finance
           B: Better than I feared
           C: The support queue graph is the one I'm proud of
           A: As you should be: median answer under two hours for the first time""",
        """A: Found: one glove, left hand, very small, green
           B: My daughter has been asking about it for a week. Thank you!
           A: It was in the printer
           B: I have no explanation""",
    ),
    "engineering": (
        """A: The nightly build has failed twice on the same test. Is anybody looking?
           B: Yes. It compares two timestamps that can be equal
           B: On a fast machine they are
           C: So we've made it too fast, finally
           B: Fix is up, one line. Review?
           A: Reviewed. Nice commit message by the way""",
        """A: I measured the search page again: 340 ms before, 90 ms with the new index
           B: What does the index cost on writes?
           A: About 4 %. I put both graphs in the ticket
           C: Ship it
           B: Agreed, but after the freeze""",
        """A: Question about retries: do we keep the key when a request times out?
           B: Always. The key is made before the first attempt and never changes
           A: Then the duplicate orders can't come from us
           C: They come from the old importer. It makes a new key for each attempt
           A: Found it, line 212. Oh dear
           B: There it is""",
        """A: Heads-up: I rotate the staging certificates at three
           B: Will the mobile build notice?
           A: It shouldn't. If it does, tell me, that's a bug
           A: Done. Everything green
           C: Smooth, didn't notice a thing""",
        """A: Does anyone remember why the queue has a limit of 500?
           B: Because at 501 the old server fell over
           A: When was that?
           B: 2019. The server is gone, the number is immortal
           C: I'll measure and write down the reason for whatever comes out""",
        """A: Reading the incident notes. The alert fired eleven minutes late
           B: It averages over ten minutes, so a short outage hides in it
           A: Two windows then: one short and steep, one long and gentle
           C: +1. I can pair on that tomorrow morning
           A: 10:00?
           C: 10:00""",
        """A: TIL our oldest open ticket is old enough to go to school
           B: What does it want?
           A: Dark mode
           C: We've had dark mode for years
           A: Closing it feels wrong somehow""",
    ),
    "kitchen": (
        """A: There's lemon cake on the counter. It's from yesterday but it has improved
           B: Confirmed
           C: I came as fast as I could and there is a plate with crumbs
           A: I hid one slice behind the oat milk. For you
           C: I will never forget this""",
        """A: Today's soup: roasted pumpkin with ginger, vegan
           B: Is there bread?
           A: Rye, still warm
           D: In the queue already""",
        """A: The coffee machine says "descale" and looks sad
           B: The tablets are in the drawer under the toaster
           A: It's running. Fifteen minutes without coffee, be kind to each other
           C: No promises
           A: It's back""",
        """A: My sourdough starter has a name now: Gérard
           B: Is Gérard taking visitors?
           A: Bring a jar on Friday and you can take some of him home
           C: This channel took a turn""",
        """A: Whoever labelled the leftovers "experiment, do not open": which is it, curry or science?
           B: Both
           B: It's curry. Help yourself, it is very hot
           A: It's very hot
           B: I did say""",
        """A: Recipe for the lentil thing, as promised: onions slowly, cumin, lentils, lemon at the very end
           B: How slowly is slowly?
           A: Put the pan on, listen to a whole album
           C: Which album?
           A: Now you're asking the right questions""",
    ),
    "hike": (
        """A: Saturday looks dry until four. Ridge trail or the lake?
           B: Ridge! The lake was full of wasps last time
           C: Ridge. I have new boots and nothing to lose but my heels
           A: Train at 8:12, platform 5. I'll bring the map
           D: I'll bring tea and the good biscuits
           B: I'll bring plasters for C""",
        """A: How long is the way down if we take the north path?
           B: Two hours, one more if you stop for photographs
           C: Three hours then
           A: Last train back is 18:40, so we turn at one at the latest""",
        """A: Photos from Saturday are in the shared folder
           B: You caught the moment when the biscuits rolled down the hill
           C: My whole life was in that tin
           D: It's a beautiful picture though. The light!
           A: We should go again when the larches turn""",
        """A: Could somebody lend me walking poles?
           B: I have two pairs, I'll bring the longer ones
           A: Thank you! I'll carry the thermos in exchange
           B: Deal""",
    ),
    "release": (
        """A: Status for 2.4: three tickets open, one of them is mine and nearly done
           B: The export one is waiting for a review
           C: On it, give me until eleven
           A: Translations?
           D: French and Arabic done, Norwegian tonight
           A: Then we can tag tomorrow at two""",
        """A: The import crashed for one beta user: a CSV with 40,000 columns
           B: Columns?
           A: Somebody exported a matrix
           B: We refuse above 1,000 with a clear message, tests included
           C: Thank you for not making it work
           B: I was tempted""",
        """A: Who writes the release notes this time?
           B: I'll do it. Tone: warm, short, no exclamation marks
           C: One. You may have one
           B: I'll save it for the undo button""",
        """A: Tagged. Pipelines are running
           B: Green on Linux
           C: Green on macOS
           A: Windows is thinking
           A: Green! It's out
           D: Well done everybody, that was a calm one
           B: The best kind""",
        """A: First numbers after a day: crash rate is half of 2.3
           B: And the undo button?
           A: Used 412 times. People make mistakes, news at eleven
           C: That was my exclamation mark, well spent""",
    ),
    "film": (
        """A: My turn to choose. I'm torn between the heist and the one with the lighthouse
           B: Lighthouse, please. I've waited all year for rain and fog
           C: Heist. I need a plan that works for once
           A: Two for fog? Any more votes?
           D: Fog
           A: Fog it is. Friday at eight, my place, bring cushions""",
        """A: Running a bit late, start the snacks without me
           B: The snacks were started at seven
           C: There's still some hummus. Some
           A: Running faster""",
        """A: That ending. I have questions
           B: The bird was real, the brother wasn't
           C: No! The other way round, the brother casts a shadow
           A: I have to see it again now
           D: I fell asleep and had a very good film of my own""",
        """A: Next week is my choice: something short and cheerful
           B: Define short
           A: Under two hours and nobody stares at the sea
           C: I feel addressed""",
    ),
    "choir": (
        """A: Rehearsal is in the small hall on Tuesday, the big one has a chess tournament
           B: Can we be quiet enough next to chess?
           C: We have a whole page marked pianissimo, finally useful
           A: Altos please bring pencils""",
        """A: We still need two tenors for the December concert
           B: My neighbour sings in the stairwell. I could ask
           A: Is he any good?
           B: The stairwell is flattering, but yes
           B: He's coming on Tuesday!
           C: One down""",
        """A: Programme for the concert attached to the invitation: Fauré first, the carols after the break
           B: Who carries the platform this time?
           C: I asked the chess people, they owe us for being quiet
           A: Brilliant""",
    ),
    "direct": (
        """A: Hi! Did you get the tickets in the end?
           B: Yes, row 12. They were the last two
           A: Perfect. I'll pay you back with dinner
           B: The noodle place?
           A: Obviously the noodle place""",
        """A: Quick question: is your talk on Wednesday or Thursday?
           B: Thursday at two. I'm still missing an ending
           A: End with the question you'd like to be asked
           B: That is annoyingly good advice""",
        """A: I'm in front of your door, is the bell broken?
           B: It is! Coming down
           A: No hurry, there's a cat here
           B: Orange? That's Captain
           A: We are friends now""",
        """A: Could you read my draft when you have a quiet half hour?
           B: Gladly. By tomorrow evening?
           A: That'd be great, the deadline is Friday
           B: Read it. Page two is lovely, page one can go
           A: Ouch. And thank you. You're right""",
        """A: Happy birthday!! I hope there's cake
           B: There are two cakes, it's a long story
           A: Tell me over lunch?
           B: Half past twelve, bring an appetite""",
        """A: The landlord answered: we may paint the kitchen
           B: Yes! Yellow?
           A: Not the yellow from the catalogue. A quieter one
           B: I'll bring samples at the weekend""",
        """A: Are you on the 17:05 as well?
           B: Third carriage, saved you a seat
           A: You're the best. The doors nearly had my scarf""",
        """A: How was the interview?
           B: Good, I think. They laughed twice and once it was on purpose
           A: When will you know?
           B: Next week. Distract me until then
           A: Film on Friday, hike on Saturday. Consider yourself distracted""",
    ),
}


def lines(script: str) -> list[tuple[str, str]]:
    """Return (speaker's letter, words) of a script, in order."""
    said: list[tuple[str, str]] = []
    for line in script.splitlines():
        letter, _, words = line.strip().partition(": ")
        said.append((letter, words))
    return said
