"""The word bank: short English phrases, written for this workbook, from which all text is composed.

Adjectives and subjects begin with a consonant, and subjects are singular: "a" fits before each.
"""

from typing import NamedTuple


class Bank(NamedTuple):
    """The phrases of one category."""

    adjectives: tuple[str, ...]
    subjects: tuple[str, ...]
    details: tuple[str, ...]


def _bank(adjectives: str, subjects: str, details: str) -> Bank:
    return Bank(*(tuple(text.split("/")) for text in (adjectives, subjects, details)))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


BANKS: dict[str, Bank] = {
    "art": _bank(
        "bold/loose/quiet/layered/playful/moody/textured/bright/gentle/graphic/dreamy/careful",
        "pen sketch/gouache landscape/colour study/paper collage/charcoal portrait/linocut print/"
        "pencil still life/watercolour sky/clay figure/mixed media page/palette knife painting/"
        "botanical drawing/street mural/pastel seascape",
        "in three colours/on brown paper/with a dry brush/from a morning walk/for a small frame/"
        "in a square format/painted from memory/with soft shadows/for a sketchbook spread/"
        "on recycled card/with a limited palette/in one sitting",
    ),
    "beauty": _bank(
        "soft/glossy/fresh/dewy/natural/subtle/warm/cool toned/polished/low effort/radiant/gentle",
        "party make-up look/braided bun/nail design/skin care routine/lip colour match/curly haircut/"
        "hydrating face mask/brow shape/bridal hairstyle/fragrance shelf/winter hand balm/fringe trim/"
        "sun cream guide/scalp massage",
        "for dry skin/in under ten minutes/with rose tones/for short hair/before a long day/"
        "with two products/for a summer party/that lasts until evening/on a small budget/"
        "for freckled skin/with almond oil/for beginners",
    ),
    "christmas": _bank(
        "festive/rustic/Nordic/snowy/homemade/glittering/cheerful/traditional/frosted/candlelit/"
        "woodland/merry",
        "countdown calendar/gingerbread house/door wreath/stocking filler/mantel garland/table centrepiece/"
        "tree topper/paper star/gift tag/mulled drink/cookie tin/window scene/felt ornament/"
        "wrapping station",
        "with dried oranges/for a family evening/in red and green/made from pine cones/for small hands/"
        "with warm fairy lights/in kraft paper/for the last week of December/with cinnamon sticks/"
        "for a tiny flat/with velvet ribbon/that keeps until New Year",
    ),
    "diy-and-crafts": _bank(
        "handmade/quick/colourful/thrifty/sturdy/folded/knitted/pretty/kid friendly/patterned/rainy day/"
        "recycled",
        "macrame plant hanger/beaded bracelet/cardboard castle/pressed flower card/crochet basket/"
        "tin can lantern/fabric bookmark/paper flower bouquet/painted flower pot/pompom rug/"
        "wooden bird box/salt dough bowl/scrap quilt/button picture",
        "from leftover yarn/in one afternoon/with a glue gun/for a school fair/without sewing/"
        "from old jeans/with a printable pattern/for a birthday table/using jam jars/"
        "for nursery age children/with natural dye/on a shoestring",
    ),
    "education": _bank(
        "clear/hands-on/short/printable/patient/curious/weekly/calm/visual/practical/step by step/"
        "thoughtful",
        "fractions game/phonics poster/science journal/reading challenge/spelling chart/"
        "history timeline/study planner/classroom rule card/vocabulary wall/lesson template/"
        "mental maths warm-up/nature table/letter tracing sheet/revision timetable",
        "for the first week of term/with picture cues/for mixed classes/using dice/for home learners/"
        "in fifteen minutes/with answer key/for shy speakers/for a quiet corner/that children ask for/"
        "for exam season/with no preparation",
    ),
    "event-planning": _bank(
        "relaxed/stylish/garden/budget friendly/seaside/candlelit/colour matched/modern/joyful/simple/"
        "tidy/late summer",
        "wedding seating plan/baby shower menu/birthday backdrop/welcome sign/picnic wedding/"
        "dessert table/guest list template/balloon arch/family reunion/place card set/"
        "retirement dinner/photo corner/reception playlist/thank you favour",
        "for thirty guests/in sage and cream/on a rooftop/with wild flowers/planned in a month/"
        "with a rainy day plan/for a village hall/under a marquee/with rented lights/for two families/"
        "with paper lanterns/before sunset",
    ),
    "finance": _bank(
        "monthly/realistic/low stress/careful/zero based/long term/plain English/first time/weekly/side/"
        "smart/mindful",
        "savings challenge/budget template/debt payoff plan/rainy day fund/meal cost tracker/"
        "pension checklist/pay tracker/no spend month/freelance invoice/house deposit goal/"
        "bill calendar/money date/sinking fund chart/tax folder",
        "for a first salary/with cash envelopes/on one income/for students/in a single spreadsheet/"
        "for irregular pay/before payday/with a printable chart/for a family of four/"
        "that you keep using/after a house move/in small steps",
    ),
    "home-decor": _bank(
        "cosy/warm/minimal/rustic/coastal/vintage/sunlit/calm/compact/modern/leafy/Scandinavian",
        "reading corner/gallery wall/kitchen shelf/hallway bench/bathroom makeover/bedroom nook/"
        "plant shelf/living room layout/hallway mirror/dining area/balcony garden/window seat/"
        "home office/fireplace surround",
        "with linen curtains/for small flats/in warm white/with rattan baskets/under the stairs/"
        "on a weekend budget/with limewash walls/for renters/with oak and brass/in earthy tones/"
        "with open storage/before and after",
    ),
    "mens-fashion": _bank(
        "tailored/casual/navy/layered/smart/neutral/worn-in/loose fit/wintry/classic/pared back/retro",
        "linen suit/denim jacket outfit/roll neck look/white trainer outfit/wool overcoat/"
        "weekend wardrobe/leather boot guide/summer shirt/work capsule/field jacket/knitted tie/"
        "chino outfit/beard style/watch pairing",
        "for a spring wedding/in shades of grey/with rolled sleeves/for a long commute/"
        "under fifty pounds/with brown shoes/for warm evenings/that packs well/for tall frames/"
        "with a plain T-shirt/for the first day at work/in four pieces",
    ),
    "quotes": _bank(
        "kind/short/hopeful/thoughtful/steady/quiet/motivational/grateful/brave/funny/patient/sunny",
        "Monday reminder/friendship line/morning thought/lesson about rest/saying for hard days/"
        "travel motto/note to a younger self/classroom motto/wedding toast/thank you line/"
        "proverb about time/verse for a card/gratitude prompt/lock screen saying",
        "about starting again/to write on a card/for a long week/about small steps/for new parents/"
        "about the sea/for a noticeboard/about good neighbours/to read twice/for the last day of school/"
        "about growing slowly/in plain words",
    ),
    "tattoos": _bank(
        "tiny/fine line/bold/delicate/geometric/dotwork/minimal/floral/blackwork/watercolour style/"
        "matching/botanical",
        "forearm design/wrist symbol/shoulder piece/swallow sketch/moon phase band/mountain outline/"
        "fern sleeve/compass drawing/foot motif/sibling pair/lettering sample/wave pattern/back piece/"
        "koi drawing",
        "for a first appointment/with dot shading/in black ink/that ages well/along the collarbone/"
        "with hidden initials/in a single line/for a cover-up/inspired by old maps/behind the ear/"
        "with negative space/drawn by hand",
    ),
    "travel": _bank(
        "slow/budget/coastal/two day/scenic/family/solo/car free/wild/hidden/misty/late autumn",
        "beach itinerary/city break/train journey/mountain hike/packing list/road trip/harbour walk/"
        "food market tour/campsite guide/lake weekend/desert drive/museum day/ferry route/village stay",
        "with only hand luggage/for early risers/along the old coast road/with small children/"
        "in the off season/by public transport/under forty euros a day/with a view/for a long weekend/"
        "off the main path/with local food/in the rain",
    ),
    "vehicles": _bank(
        "restored/vintage/matte black/compact/battery powered/six wheeled/two tone/low slung/rugged/"
        "chrome trimmed/hand built/racing",
        "camper van/roadster/delivery bicycle/scooter/pick-up truck/touring motorcycle/hatchback/"
        "tractor/rally car/sidecar/folding bike/station wagon/cafe racer/tram model",
        "with leather seats/parked by the sea/before the rebuild/in racing green/for narrow streets/"
        "with a roof rack/from the barn/on a gravel road/with spoked wheels/ready for winter/"
        "with round headlights/after a repaint",
    ),
}

SEASONS = (
    "for spring", "for quiet Sundays", "this summer", "for rainy weekends", "to try in autumn",
    "worth saving", "for the new year", "step by step", "you will come back to",
    "from our notebook", "for busy people", "in pictures",
)

TAG_ENDINGS = (
    "Ideas", "Inspiration", "Aesthetic", "Tips", "Tutorial", "For Beginners", "Style", "Design", "Inspo",
)
ACCENTED_TAGS = ("Déco Chic", "Café Style", "Fête Ideas", "Naïve Design", "Idées Simples", "Piñata Party")

PLAIN_SENTENCES = (
    "A {adjective} {subject} {detail}.",
    "Save this {subject} for later and come back when you have an hour.",
    "We tried a {adjective} {subject} and kept all our notes.",
    "See how a {subject} {detail} comes together from the first idea to the last touch.",
    "Here is a {subject} {detail} to try this weekend.",
    "You'll find the full list of materials for this {subject} on our page.",
    "It's a {adjective} take on the {subject} {detail}.",
    "Click through for a {adjective} {subject}.",
    "Our readers asked for a {subject} {detail} and this is what we made.",
    "This {subject} works {detail} & looks {adjective} in every season.",
    "Read more about a {adjective} {subject} {detail} on the blog.",
    'We call it "the {adjective} {subject}" and it has become a favourite.',
    "A {subject} {detail} | find more on our board.",
)

COMMA_SENTENCES = (
    "A {adjective}, honest {subject} {detail}.",
    "First the plan, then the {subject}, then a cup of tea.",
    "Whether you are new to it or not, this {subject} {detail} is a good place to start.",
    "Save it, share it and tell us how your {subject} turned out.",
    "If you like a {adjective} {subject}, you'll like this one {detail}.",
    "Colour, light and a little patience make this {subject} {detail}.",
    "Find a {adjective} {subject}, a list of what you need and a few mistakes to avoid.",
    "New on the blog, a {subject} {detail} with photographs of each stage.",
)

OPENERS = ("✨ ", "Déjà vu? ", "– ", "❤ ", "Très chic: ")

OTHER_SCRIPTS = (
    "Идеи для тихого вечера", "Уютный дом своими руками", "Список дел на весну", "静かな午後のアイデア",
    "小さな庭の作り方", "Ιδέες για το σπίτι", "רעיונות לסוף השבוע", "Ideias para começar de novo",
    "Decoração para o coração da casa", "Inspiração e ação em família",
    "Poções de outono para crianças", "Lição de paciência",
)

FIRST_NAMES = _words("""
    Ada Alba Amos Anouk Arlo Beatrix Bela Bram Cleo Cora Cyrus Dalia Dara Edda Elio Elsie Enid Ewan Fern
    Flora Freya Gideon Greta Hattie Hazel Hugo Ida Imogen Ines Ivo Jonas Juno Kasia Keir Lena Linus
    Lotte Mabel Magnus Maren Milo Mina Nadia Nell Nico Odette Orla Oscar Otis Petra Piers Quinn Rafe
    Romy Rosa Rufus Saskia Selma Silas Sunniva Tamsin Theo Tilda Uma Vera Viggo Wanda Wilf Xenia Yara
    Zelda Zora
""")

LAST_NAMES = _words("""
    Alder Ashgrove Barley Birchall Bramble Brook Calder Clover Coppice Cray Dale Dunmore Elderfield
    Fairlight Fenwick Fernley Fieldhouse Finch Foxglove Gale Gorse Greenaway Harbour Hartwell Haven
    Heath Holloway Hollins Ivory Juniper Kestrel Kingsley Lark Laurel Linden Lockwood Marlow Marsh
    Meadows Millbrook Moorland Nightingale Northway Oakes Orchard Pebble Penrose Pike Quarry Quill
    Ravenhill Redfern Rivers Rowan Rushton Sandbrook Sedge Shore Sorrel Sparrow Stone Summers Tansy
    Thistle Thorne Tidewell Umber Vale Vesper Wainwright Westbrook Whitlow Willowby Winterbourne
    Woodruff Wren Yarrow
""")

BRAND_WORDS = _words("""
    Acorn Amber Anchor Apricot Atlas Birch Bluebell Button Candle Canvas Cedar Clay Cloud Cobalt Copper
    Coral Cotton Crane Daisy Ember Feather Fern Flint Forest Garnet Ginger Harbour Honey Indigo Ivy
    Jasper Kettle Lantern Lavender Lemon Linen Loom Maple Marble Meadow Mint Moss Nutmeg Olive Orchid
    Otter Paper Pebble Pepper Pine Plum Poppy Quilt Raven River Robin Saffron Sage Silver Sparrow
    Thimble Thyme Tulip Velvet Walnut Willow
""")

BRAND_ENDINGS = (
    "Studio", "Journal", "Workshop", "House", "Market", "Collective", "Notes", "Supply Co.",
    "Lane", "Diaries", "Press", "Atelier", "Corner", "and Daughters",
)

BRAND_TOPICS = (
    "slow living", "home cooking", "garden rooms", "paper crafts", "family travel",
    "small budgets", "cosy interiors", "printable planners", "weekend projects", "natural beauty",
    "classroom resources", "vintage finds", "gift guides", "capsule wardrobes", "party ideas",
    "mindful mornings", "road trips", "hand lettering", "sewing patterns", "fine line drawing",
)

ACCENTED_NAMES = (
    "Zoë", "Núria", "Chloé", "Søren", "Łucja", "Åsa", "José", "Jürgen", "Inês", "Renée", "Çelik",
    "Dvořák", "Müller", "García", "Lefèvre", "Sjöberg", "Brontë", "Peña", "Gonçalves", "Novák",
)

NAME_EMOJI = ("🌿", "✨", "🎨", "🧵", "🌊", "☕")
