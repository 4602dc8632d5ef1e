-- A ledger as the feebook of ledger version 7 leaves it, dumped.
PRAGMA application_id = 1181050210;
PRAGMA user_version = 7;
BEGIN TRANSACTION;
CREATE TABLE archive (
    id          INTEGER PRIMARY KEY,
    file_digest BLOB    NOT NULL UNIQUE CHECK (length(file_digest) = 32),
    bytes       INTEGER NOT NULL CHECK (bytes >= 0),
    parts       INTEGER NOT NULL CHECK (parts >= 0),
    archived_at INTEGER NOT NULL
) STRICT;
INSERT INTO "archive" VALUES(1,X'5F030D4924360AD1DE3D04AACA27F1841EA45DC70BB2755B50FE22E92B0E5DAF',362,1,1795935478);
INSERT INTO "archive" VALUES(2,X'78E391214DE2D5F5ED256DD6C63EB12B61FEE5B2EE25E38D1858EDA35CDE8E2B',356,1,1795935478);
INSERT INTO "archive" VALUES(3,X'A720D15B1F36498699D771357EDA13919C136B227FD02686ADB6BE9B83E5B7D4',419,1,1795935478);
CREATE TABLE archive_part (
    id         INTEGER PRIMARY KEY,
    archive_id INTEGER NOT NULL REFERENCES archive (id) DEFERRABLE INITIALLY DEFERRED, -- it comes last
    part       INTEGER NOT NULL,
    packed     BLOB    NOT NULL,
    UNIQUE (archive_id, part)
) STRICT;
INSERT INTO "archive_part" VALUES(1,1,0,X'1F8B08000000000000FF75CECD6A023114C5F1BD4FE1039C919BF443EBAE946EEDC2070899E43206D2244D6E5AE6EDC5324885BAFAAF7E9C93ABE76A52460C892F2D36786305A566DF9D985283637C759B24C88C26567A4389D6F1272741EBA3091ECE0A4FB9CE68A7508C64348E91AB71B927A93312FF98B1CF5C570A0A9AF4E340DB41D19A767BA23D1114D1E612D8526AFE668F31E60962A7C1423D3FE0F081B70356FAEA7737FEE92E1F7FF9F17DE1FA5FAE165E38F990A63BFA75D85EE75F6EBC5E7C6391C81EED940BFEFE3E03930C0D826A010000');
INSERT INTO "archive_part" VALUES(2,2,0,X'1F8B08000000000000FF7DCD4D6AC3301445E17956D1055C9727E7A76EA625D364D00508597AB8024552A5A704EFBE2485E042DBD1197D9C541C171D13828F7C6B36DE6923C825B96645E7E22DE3B399285E665431D22A723096CF1C05B58DDA3B58233CA532A37EF8AC25A172085CB44D2D4A9911F9AAC73673592928F4D46F3A7AE9143DD1B027DA1341113DDF02937349177618439A2066EA0CD46E8DE3096F47ACFA871F7EF8CDF69B5716094B3DDEF5FBE1AEB70FFDDAAD177AF8EDBDDCEEFE8072E570E17FE9170C6EC81F64010000');
INSERT INTO "archive_part" VALUES(3,3,0,X'1F8B08000000000000FF75CE416EC2301484E13DA7E00093EA39B485B0AB105BBAE8012C277E0A968CEDDACFAD72FB8A2A424182D5AC3ECD1FB3E5AC43847781AF9B8CB3DA08528EB60EA2537603E3BB9A204E261431520B9237035F38084AEDB5B3188CF018F3847276494B4461EF39EB21D6207942E05FDDD789F34A41A1A5F6B5A16DA3684DBB3DD19E088AE8E53A3029E5F8C316BD8F23C48C8D817ADFE0F489C309ABF6E67777FEED29EFFFF9D771E6ED43AE669E385817C627FAA3D9DEEEBB3BDFCEBEB088678B728E09CBEE25DCD09ABA19768FB297F00FB10D3598A3010000');
CREATE TABLE book (
    id     INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32)
) STRICT;
INSERT INTO "book" VALUES(1,X'BDCC85EB12607EC67C739784CA9478FDEC108E8D52EB8FB469F3354438FA33C2');
CREATE TABLE book_document (
    book_id     INTEGER NOT NULL REFERENCES book (id),
    document_id INTEGER NOT NULL REFERENCES document (id),
    PRIMARY KEY (book_id, document_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "book_document" VALUES(1,1);
INSERT INTO "book_document" VALUES(1,2);
INSERT INTO "book_document" VALUES(1,3);
INSERT INTO "book_document" VALUES(1,4);
INSERT INTO "book_document" VALUES(1,5);
CREATE TABLE click (
    program_id INTEGER NOT NULL REFERENCES program (id),
    sub_id     TEXT    NOT NULL,
    clicked_at INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    import_id  INTEGER NOT NULL REFERENCES import (id),
    placement  INTEGER,
    country    INTEGER,
    url        TEXT,
    referrer   TEXT,
    PRIMARY KEY (program_id, sub_id, clicked_at, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO "click" VALUES(1,'tag-a',1720504800,13,4,1,3,NULL,NULL);
INSERT INTO "click" VALUES(1,'tag-b',1722492000,14,4,1,5,NULL,NULL);
CREATE TABLE closing (
    program_id INTEGER NOT NULL REFERENCES program (id),
    month      INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    run_id     INTEGER REFERENCES run (id), -- the last one when it was closed
    who        TEXT,
    note       TEXT,
    closed_at  INTEGER NOT NULL,
    zone       TEXT    NOT NULL CHECK (zone <> ''),
    PRIMARY KEY (program_id, month)
) STRICT, WITHOUT ROWID;
INSERT INTO "closing" VALUES(1,24294,25,3,'test','books of July',1795935478,'Europe/Oslo');
CREATE TABLE dated_fact (
    id          INTEGER PRIMARY KEY,
    program_id  INTEGER NOT NULL REFERENCES program (id),
    seq         INTEGER NOT NULL UNIQUE,
    about       INTEGER NOT NULL CHECK (about BETWEEN 0 AND 2), -- product placement account
    subject     TEXT    NOT NULL,
    aspect      TEXT    NOT NULL CHECK (aspect <> ''),
    value       TEXT    NOT NULL CHECK (value <> ''),
    from_on     INTEGER NOT NULL,
    reason      TEXT,
    who         TEXT,
    recorded_at INTEGER NOT NULL
) STRICT;
INSERT INTO "dated_fact" VALUES(1,1,16,0,'55','virtual','yes',739097,NULL,NULL,1795935478);
CREATE TABLE dated_fact_removal (
    dated_fact_id INTEGER PRIMARY KEY REFERENCES dated_fact (id),
    seq           INTEGER NOT NULL UNIQUE,
    reason        TEXT    NOT NULL CHECK (reason <> ''),
    who           TEXT,
    removed_at    INTEGER NOT NULL
) STRICT;
CREATE TABLE document (
    id     INTEGER PRIMARY KEY,
    path   TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    text   TEXT NOT NULL,
    UNIQUE (path, digest)
) STRICT;
INSERT INTO "document" VALUES(1,'example/2023-01-01.toml',X'59D4F0775E30773464547E5C76A27BBAD7566B177E9A6A83D2FCF12FE9335B69','# Invented terms, edition 1: see program.toml.
format       = 1
effective_on = 2023-01-01
announced_on = 2022-12-12
checked_on   = 2026-11-22
status       = "confirmed"
source       = "Example Bazaar, invented terms, edition 1"

[assumed]
"policy.rounding" = "not stated in this edition; the first payout truncated"
"policy.service_fee.when_unknown" = "only a maximum is stated"
"cap.covers" = "says ''commission''; the bonus is not mentioned before edition 2"

[policy]
basis       = "product_price"
currency    = "USD"
rounding    = "floor"
attribution_window = "P30D"
service_fee = { max = "8%", ship_to = ["@eu"], when_unknown = "none" }
fx_on       = "paid_out"
bonus_without_commission = false

[policy.clauses]
qualified = "1.1"
attribution_window = "1.2"
basis = "3.1"
service_fee = "3.2"
currency = "3.3"
fx_on = "3.5"
bonus_without_commission = "6"

[groups]
eu = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
]
nordic = ["DK", "FI", "IS", "NO", "SE"]
bonus_one = ["RU"]
bonus_two = ["ES", "FR", "NL", "BE"]
bonus_three = ["PL", "SA", "AE", "TR"]

[[exclude]]                         # 90 and all below it: 91 to 95
clause = "4.1"
reason = "virtual_product"
categories = [90]

[[exclude]]
clause = "4.2"
reason = "seller_not_admitted"
not_seller_countries = ["CN"]

[[exclude]]
clause = "4.3"
reason = "excluded_storefront"
hosts = ["tmall.aliexpress.com", "plaza.aliexpress.com"]    # hosts as in the sample reports

[[rate]]
clause = "5.1"
rate = "20.0%"
item = "hot"

[[rate]]                            # dear computers and parts
clause = "5.2"
rate = "1.5%"
categories = [61]
price_from = "200.00"

[[rate]]                            # screen protectors: flat, per line
clause = "5.3"
amount = "0.30"
categories = [47]

[[rate]]
clause = "5.4"
rate = "9.0%"
categories = [22, 33, 46]

[[rate]]                            # before 5.6, which takes the rest of 41
clause = "5.5"
rate = "4.0%"
categories = [42, 53]
ship_to = ["@nordic"]

[[rate]]
clause = "5.6"
rate = "3.0%"
categories = [41, 61]

[[rate]]
clause = "5.7"
rate = "8.0%"
categories = [141]

[[rate]]                            # this number of edition 1 is lost
clause = "5.8"
rate = "unknown"
categories = [137]

[[rate]]                            # all else
clause = "5.9"
rate = "6.0%"

[[bonus]]
clause = "6"
for = "new_buyer"
amount = "2.00"
ship_to = ["@bonus_one"]

[[bonus]]
clause = "6"
for = "new_buyer"
amount = "4.00"
ship_to = ["@bonus_two"]

[[bonus]]
clause = "6"
for = "new_buyer"
amount = "3.00"
ship_to = ["@bonus_three"]

[cap]
clause = "7"
per_order = "50.00"
covers = ["commission"]
scope = "order"

[[flag]]
kind = "spam_registration"
clause = "2.1"
effect = "disqualify"
buyer = "new"

[[flag]]
kind = "hijacking"
clause = "2.1"
effect = "disqualify"
buyer = "new"

[[flag]]
kind = "brand_bidding"
clause = "2.2"
effect = "withhold_bonus"

[[flag]]
kind = "pop_up"
clause = "2.3"
effect = "disqualify"

[[flag]]
kind = "cookie_stuffing"
clause = "2.3"
effect = "disqualify"

[[flag]]
kind = "trademark_use"
clause = "2.3"
effect = "disqualify"

[[flag]]
kind = "default"
clause = "2.4"
effect = "withhold_bonus"

[[flag]]
kind = "fraud"
clause = "2.5"
effect = "hold"
');
INSERT INTO "document" VALUES(2,'example/2023-10-01.toml',X'82EFF49DB5AD26B2AF8D65E21204380C98385ECAC18AC9F5B5B06D04075D7319','# Invented terms, edition 2: see program.toml.
format       = 1
effective_on = 2023-10-01
announced_on = 2023-09-11
checked_on   = 2026-11-22
status       = "confirmed"
source       = "Example Bazaar, invented terms, edition 2"

[assumed]
"policy.service_fee.when_unknown" = "only a maximum is stated"

[policy]
basis       = "product_price"
currency    = "USD"
rounding    = "half_up"
attribution_window = "P3D"
service_fee = { max = "8%", ship_to = ["@eu"], when_unknown = "none" }
fx_on       = "paid_out"
bonus_without_commission = false

[policy.clauses]
qualified = "1.1"
attribution_window = "1.2"
basis = "3.1"
service_fee = "3.2"
currency = "3.3"
rounding = "3.4"
fx_on = "3.5"
bonus_without_commission = "6"

[groups]
eu = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
]
nordic = ["DK", "FI", "IS", "NO", "SE"]
bonus_one = ["RU"]
bonus_two = ["ES", "FR", "NL", "BE"]
bonus_three = ["PL", "SA", "AE", "TR"]

[[exclude]]                         # 90 and all below it: 91 to 95
clause = "4.1"
reason = "virtual_product"
categories = [90]

[[exclude]]
clause = "4.2"
reason = "seller_not_admitted"
not_seller_countries = ["CN"]

[[exclude]]
clause = "4.3"
reason = "excluded_storefront"
hosts = ["tmall.aliexpress.com", "plaza.aliexpress.com"]    # hosts as in the sample reports

[[rate]]
clause = "5.1"
rate = "18.0%"
item = "hot"

[[rate]]                            # a campaign of four days; on_until is exclusive
clause = "5.10"
rate = "8.0%"
categories = [101]
on_from = 2023-11-24
on_until = 2023-11-28

[[rate]]                            # dear computers and parts
clause = "5.2"
rate = "1.5%"
categories = [61]
price_from = "200.00"

[[rate]]                            # screen protectors: flat, per line
clause = "5.3"
amount = "0.33"
categories = [47]

[[rate]]                            # 141 had its own entry, 5.7, before
clause = "5.4"
rate = "8.5%"
categories = [22, 33, 46, 141]

[[rate]]                            # before 5.6, which takes the rest of 41
clause = "5.5"
rate = "4.5%"
categories = [42, 53]
ship_to = ["@nordic"]

[[rate]]
clause = "5.6"
rate = "2.6%"
categories = [41, 61]

[[rate]]
clause = "5.8"
rate = "6.5%"
categories = [137]

[[rate]]                            # all else
clause = "5.9"
rate = "6.0%"

[[bonus]]
clause = "6"
for = "new_buyer"
amount = "2.00"
ship_to = ["@bonus_one"]

[[bonus]]
clause = "6"
for = "new_buyer"
amount = "4.00"
ship_to = ["@bonus_two"]

[[bonus]]
clause = "6"
for = "new_buyer"
amount = "3.00"
ship_to = ["@bonus_three"]

[cap]
clause = "7"
per_order = "50.00"
covers = ["commission", "bonus"]
scope = "order"

[[flag]]
kind = "spam_registration"
clause = "2.1"
effect = "disqualify"
buyer = "new"

[[flag]]
kind = "hijacking"
clause = "2.1"
effect = "disqualify"
buyer = "new"

[[flag]]
kind = "brand_bidding"
clause = "2.1"
effect = "disqualify"
buyer = "new"

[[flag]]
kind = "brand_bidding"
clause = "2.2"
effect = "withhold_bonus"

[[flag]]
kind = "pop_up"
clause = "2.3"
effect = "disqualify"

[[flag]]
kind = "cookie_stuffing"
clause = "2.3"
effect = "disqualify"

[[flag]]
kind = "trademark_use"
clause = "2.3"
effect = "disqualify"

[[flag]]
kind = "default"
clause = "2.4"
effect = "withhold_bonus"

[[flag]]
kind = "fraud"
clause = "2.5"
effect = "hold"
');
INSERT INTO "document" VALUES(3,'example/2024-07-01.toml',X'EEBBF6BD45841267A158F2EEB4D2144CABC306DE91E97CF8B43DA8EB03D6F213','# Invented terms, edition 3: see program.toml.
format       = 1
effective_on = 2024-07-01
announced_on = 2024-06-10
checked_on   = 2026-11-22
status       = "confirmed"
source       = "Example Bazaar, invented terms, edition 3"

[assumed]
"cap.scope" = "''per purchase'' is read as the order, also where it splits into lines"

[policy]
basis       = "product_price"
currency    = "USD"
rounding    = "half_even"
attribution_window = "P3D"
service_fee = { max = "8%", ship_to = ["@eu"], when_unknown = "max" }
fx_on       = "paid_out"
bonus_without_commission = false

[policy.clauses]
qualified = "1.1"
attribution_window = "1.2"
basis = "3.1"
service_fee = "3.2"
currency = "3.3"
rounding = "3.4"
fx_on = "3.5"
bonus_without_commission = "6"

[groups]
eu = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
]
nordic = ["DK", "FI", "IS", "NO", "SE"]
bonus_one = ["RU"]
bonus_two = ["ES", "FR", "NL", "BE"]
bonus_three = ["PL", "SA", "AE", "TR"]
bonus_four = ["BR", "KR"]

[[exclude]]                         # 90 and all below it: 91 to 95
clause = "4.1"
reason = "virtual_product"
categories = [90]

[[exclude]]                         # ES and TR are admitted from this edition on
clause = "4.2"
reason = "seller_not_admitted"
not_seller_countries = ["CN", "ES", "TR"]

[[exclude]]
clause = "4.3"
reason = "excluded_storefront"
hosts = ["tmall.aliexpress.com", "plaza.aliexpress.com"]    # hosts as in the sample reports

[[rate]]
clause = "5.1"
rate = "18.0%"
item = "hot"

[[rate]]                            # whatever the category
clause = "5.11"
rate = "5.0%"
seller_countries = ["ES", "TR"]

[[rate]]                            # dear computers and parts
clause = "5.2"
rate = "1.5%"
categories = [61]
price_from = "200.00"

[[rate]]                            # screen protectors: flat, per line
clause = "5.3"
amount = "0.33"
categories = [47]

[[rate]]
clause = "5.4"
rate = "8.0%"
categories = [22, 33, 46, 141]

[[rate]]                            # before 5.6, which takes the rest of 41
clause = "5.5"
rate = "4.5%"
categories = [42, 53]
ship_to = ["@nordic"]

[[rate]]
clause = "5.6"
rate = "3.0%"
categories = [41, 61]

[[rate]]
clause = "5.8"
rate = "7.0%"
categories = [137]

[[rate]]
clause = "5.12"
rate = "7.0%"
categories = [101]
ship_to = ["@eu"]

[[rate]]                            # all else
clause = "5.9"
rate = "5.5%"

[[bonus]]
clause = "6"
for = "new_buyer"
amount = "2.00"
ship_to = ["@bonus_one"]

[[bonus]]
clause = "6"
for = "new_buyer"
amount = "3.50"
ship_to = ["@bonus_two"]

[[bonus]]
clause = "6"
for = "new_buyer"
amount = "3.00"
ship_to = ["@bonus_three"]

[[bonus]]
clause = "6"
for = "new_buyer"
amount = "2.50"
ship_to = ["@bonus_four"]

[cap]
clause = "7"
per_order = "38.00"
covers = ["commission", "bonus"]
scope = "order"

[[flag]]
kind = "spam_registration"
clause = "2.1"
effect = "disqualify"
buyer = "new"

[[flag]]
kind = "hijacking"
clause = "2.1"
effect = "disqualify"
buyer = "new"

[[flag]]
kind = "brand_bidding"
clause = "2.1"
effect = "disqualify"
buyer = "new"

[[flag]]
kind = "brand_bidding"
clause = "2.2"
effect = "withhold_bonus"

[[flag]]
kind = "pop_up"
clause = "2.3"
effect = "disqualify"

[[flag]]
kind = "cookie_stuffing"
clause = "2.3"
effect = "disqualify"

[[flag]]
kind = "trademark_use"
clause = "2.3"
effect = "disqualify"

[[flag]]
kind = "default"
clause = "2.4"
effect = "withhold_bonus"

[[flag]]
kind = "fraud"
clause = "2.5"
effect = "hold"
');
INSERT INTO "document" VALUES(4,'example/categories.csv',X'B1268CC5E8F7A58362EC33BA3DA41B23EBC173E105BCBF19F8B2935BDB66C7AD','id,parent,name
1,,Home & Garden
2,1,Kitchen
3,2,Cookware
4,2,Knives & Boards
5,2,"Cups, Plates & Bowls"
6,2,Small Appliances
7,1,Bedroom & Bath
8,7,Bed Linen
9,7,Towels
10,7,Bath Mats & Curtains
11,1,Garden
12,11,Plant Pots
13,11,Watering
14,11,Garden Lights
15,1,Lamps
16,1,Rugs
17,1,Wall Decor
18,1,Storage Boxes
19,1,Cleaning
20,1,Pet Supplies
21,,Fashion
22,21,Women''s Clothing
23,22,Dresses
24,22,Tops
25,22,Trousers & Skirts
26,22,Coats
27,22,Knitwear
28,21,Men''s Clothing
29,28,Shirts
30,28,T-Shirts
31,28,Jackets
32,28,Jeans
33,21,Children''s Clothing
34,33,Baby Clothing
35,33,Girls
36,33,Boys
37,21,Shoes
38,37,Women''s Shoes
39,37,Men''s Shoes
40,37,Children''s Shoes
41,,Phones & Tablets
42,41,Mobile Phones
43,42,Smartphones
44,42,Feature Phones
45,42,Refurbished Phones
46,41,Phone Accessories
47,46,Screen Protectors
48,46,Cases
49,46,Chargers
50,46,Cables
51,46,Holders & Stands
52,46,Power Banks
53,41,Tablets
54,53,Tablet Covers
55,53,Styluses
56,53,E-Readers
57,41,Spare Parts
58,57,Batteries
59,57,Displays
60,41,SIM Tools
61,,Computers & Office
62,61,Computers
63,62,Laptops
64,62,Desktops
65,62,Mini Computers
66,61,Components
67,66,Memory
68,66,Graphics Cards
69,66,Processors
70,66,Cooling
71,61,Storage
72,71,Solid-State Drives
73,71,Hard Drives
74,71,Memory Cards
75,61,Peripherals
76,75,Keyboards
77,75,Mice
78,75,Webcams
79,61,Networking
80,61,Printers & Ink
81,,Toys & Games
82,81,Building Bricks
83,81,Dolls
84,81,Puzzles
85,81,Board Games
86,81,Remote Control
87,86,Cars
88,86,Drones
89,81,Soft Toys
90,,Vouchers & Digital Goods
91,90,Gift Cards
92,90,Coupons
93,90,Game Credit
94,90,Software Keys
95,90,Travel Vouchers
96,,Stationery & Crafts
97,96,Pens
98,96,Notebooks
99,96,Sewing
100,96,Painting
101,,Sports & Outdoor
102,101,Cycling
103,102,Bike Lights
104,102,Bike Bags
105,102,Helmets
106,101,Camping
107,106,Tents
108,106,Sleeping Bags
109,106,Camp Stoves
110,101,Fitness
111,110,Yoga
112,110,Weights
113,110,Resistance Bands
114,101,Fishing
115,114,Rods & Reels
116,114,Lures
117,101,Running
118,101,Swimming
119,101,Winter Sports
120,101,Ball Games
121,,Beauty & Health
122,121,Make-up
123,122,Lips
124,122,Eyes
125,122,Face
126,122,Brushes
127,121,Hair
128,127,Hair Dryers
129,127,Wigs
130,127,"Combs, Clips & Bands"
131,121,Skin Care
132,131,Creams
133,131,Masks
134,131,Sun Protection
135,121,Nails
136,121,Perfume
137,121,Health Devices
138,137,Thermometers
139,137,Blood Pressure Monitors
140,137,Massage Devices
141,,Jewelry & Watches
142,141,Jewelry
143,142,Rings
144,142,Necklaces
145,142,Earrings
146,142,Bracelets
147,142,Brooches
148,141,Watches
149,148,Women''s Watches
150,148,Men''s Watches
151,148,Children''s Watches
152,148,Watch Straps
153,141,Fine Jewelry
154,153,Gold
155,153,Silver
156,153,Pearls
157,141,Cases & Care
158,157,Jewelry Boxes
159,157,Polish
160,141,Charms
161,,Tools & Hardware
162,161,Hand Tools
163,162,Screwdrivers
164,162,Pliers
165,162,Hammers
166,162,Tool Sets
167,161,Power Tools
168,167,Drills
169,167,Saws
170,167,Sanders
171,161,Measuring
172,171,Multimeters
173,171,Laser Measures
174,161,Fittings
175,174,Hinges & Handles
176,174,"Screws, Nails & Bolts"
177,161,Locks
178,161,Smart Home
179,161,Work Lights
180,161,Safety Wear
181,,Cars & Bikes
182,181,Car Interior
183,182,Seat Covers
184,182,Floor Mats
185,182,Phone Mounts
186,181,Car Electronics
187,186,Dash Cams
188,186,Parking Sensors
189,186,Car Audio
190,181,Car Care
191,190,Car Wash
192,190,Polish & Wax
193,181,Motorcycles
194,193,Gloves & Jackets
195,193,Motorcycle Parts
196,181,Tyres & Wheels
197,181,Bulbs
198,181,Trailers
199,181,Roof Boxes
200,181,Car Tools
');
INSERT INTO "document" VALUES(5,'example/program.toml',X'E014B475B687A51B55A827A1F40870A67D6F116E5B58E2D0F32CFA282ECAEC2B','# Invented for demonstrations, documentation and tests: there is no such shop, network or agreement.
format          = 1
name            = "Example Bazaar (invented)"
advertiser      = "Example Bazaar"
network         = "Example Network"
status          = "active"
payout_currency = "NOK"
timezone        = "Europe/Oslo"
governed_by     = "paid"
notice          = "P14D"
started_on      = 2023-01-01

[assumed]
timezone = "not stated; the network''s office is in Oslo"

[listing]
updated_on = 2024-07-01
cps = "5.5%"
click_to_conversion = "P3D"

[policies]
deeplinking = true
references = true
sem = "limited"
cashback = "allowed"
discount_codes = "allowed"
extensions = "by_approval"

[sem]
brand_terms = ["Example Bazaar", "ExampleBazaar"]
negative_terms = ["Example Bazaar", "ExampleBazaar", "Exampel Bazaar", "Example Bazar"]

[links]
template = "https://click.example.net/c/{placement}?to={url}&tag={sub_id}"
home = "https://www.bazaar.example/"
hosts = ["bazaar.example"]
strip = ["click_id"]
sub_id_max = 40
sub_id_signs = "-_."
placement_max = 20
placement_signs = "-_"
');
CREATE TABLE exchange_rate (
    base           TEXT    NOT NULL CHECK (length(base) = 3),
    quote          TEXT    NOT NULL CHECK (length(quote) = 3 AND quote <> base),
    rate_on        INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    rate           INTEGER NOT NULL CHECK (rate > 0),
    source         TEXT    NOT NULL,
    rate_import_id INTEGER NOT NULL REFERENCES rate_import (id),
    PRIMARY KEY (base, quote, rate_on, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO "exchange_rate" VALUES('USD','NOK',739099,17,10941200000,'Norges Bank',1);
INSERT INTO "exchange_rate" VALUES('USD','NOK',739131,18,10621300000,'Norges Bank',1);
CREATE TABLE filled (
    import_id INTEGER PRIMARY KEY REFERENCES import (id),
    columns   INTEGER NOT NULL
) STRICT;
INSERT INTO "filled" VALUES(1,287271);
INSERT INTO "filled" VALUES(2,287271);
INSERT INTO "filled" VALUES(3,287271);
INSERT INTO "filled" VALUES(4,0);
INSERT INTO "filled" VALUES(5,385569);
CREATE TABLE flag (
    id          INTEGER PRIMARY KEY,
    program_id  INTEGER NOT NULL REFERENCES program (id),
    seq         INTEGER NOT NULL UNIQUE,
    about       INTEGER NOT NULL CHECK (about BETWEEN 0 AND 2), -- order sub_id placement
    subject     TEXT    NOT NULL CHECK (subject <> ''),
    from_at     INTEGER CHECK (from_at IS NULL OR about = 2),
    until_at    INTEGER CHECK (until_at IS NULL OR about = 2),  -- exclusive
    kind        TEXT    NOT NULL CHECK (kind <> ''),
    effect      INTEGER CHECK (effect BETWEEN 0 AND 2), -- disqualify hold withhold_bonus
    reason      TEXT    NOT NULL CHECK (reason <> ''),
    flagged_on  INTEGER NOT NULL,
    who         TEXT,
    recorded_at INTEGER NOT NULL
) STRICT;
INSERT INTO "flag" VALUES(1,1,15,0,'2',NULL,NULL,'fraud',1,'test',739944,NULL,1795935478);
INSERT INTO "flag" VALUES(2,1,26,0,'5',NULL,NULL,'fraud',NULL,'test',739949,NULL,1795935478);
CREATE TABLE flag_removal (
    flag_id    INTEGER PRIMARY KEY REFERENCES flag (id),
    seq        INTEGER NOT NULL UNIQUE,
    reason     TEXT    NOT NULL CHECK (reason <> ''),
    who        TEXT,
    removed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE import (
    id            INTEGER PRIMARY KEY,
    program_id    INTEGER NOT NULL REFERENCES program (id),
    file          TEXT    NOT NULL,
    file_digest   BLOB    NOT NULL CHECK (length(file_digest) = 32),
    format        TEXT    NOT NULL,
    format_digest BLOB    NOT NULL CHECK (length(format_digest) = 32),
    as_of         INTEGER,
    imported_at   INTEGER NOT NULL
) STRICT;
INSERT INTO "import" VALUES(1,1,'a.csv',X'5F030D4924360AD1DE3D04AACA27F1841EA45DC70BB2755B50FE22E92B0E5DAF','feebook',X'EAAE170B0A4E66192FDBD4C462E268ED3AB188BC8119F2D1F2FA3A24E24961A1',NULL,1795935478);
INSERT INTO "import" VALUES(2,1,'b.csv',X'78E391214DE2D5F5ED256DD6C63EB12B61FEE5B2EE25E38D1858EDA35CDE8E2B','feebook',X'EAAE170B0A4E66192FDBD4C462E268ED3AB188BC8119F2D1F2FA3A24E24961A1',NULL,1795935478);
INSERT INTO "import" VALUES(3,1,'c.csv',X'A720D15B1F36498699D771357EDA13919C136B227FD02686ADB6BE9B83E5B7D4','feebook',X'EAAE170B0A4E66192FDBD4C462E268ED3AB188BC8119F2D1F2FA3A24E24961A1',NULL,1795935478);
INSERT INTO "import" VALUES(4,1,'clicks.csv',X'11401E7AE41377A0904E2069D6D8C725D0A37230F210E9EC43F17E651A12A0A4','clicks',X'E393C45B6DE6341666E3BC2A46C1E873C44379481DD897A4E5F0ECD26B5758C3',NULL,1795935478);
INSERT INTO "import" VALUES(5,1,'v.csv',X'AB7E73352925596E580459D1EC10CB64D65FDA2BB4700795E6B2D74603C2FC1B','feebook',X'EAAE170B0A4E66192FDBD4C462E268ED3AB188BC8119F2D1F2FA3A24E24961A1',NULL,1795944214);
CREATE TABLE import_summary (
    import_id   INTEGER PRIMARY KEY REFERENCES import (id),
    first_seq   INTEGER NOT NULL,
    last_seq    INTEGER NOT NULL,
    added       INTEGER NOT NULL,
    revised     INTEGER NOT NULL,
    unchanged   INTEGER NOT NULL,
    rejected    INTEGER NOT NULL,
    fact_digest BLOB    NOT NULL CHECK (length(fact_digest) = 16)
) STRICT;
INSERT INTO "import_summary" VALUES(1,1,4,4,0,0,0,X'0E4B0C95DAC5FF9078F78CD54B2BCA64');
INSERT INTO "import_summary" VALUES(2,5,6,1,1,1,1,X'28A64A5E3D2382D4CFD9469C8D61102A');
INSERT INTO "import_summary" VALUES(3,7,7,1,0,4,0,X'AAA69B25632D1EAFB2B9C5749F1C5DC7');
INSERT INTO "import_summary" VALUES(4,13,14,2,0,0,0,X'B54817292706473827A43EDCC4084556');
INSERT INTO "import_summary" VALUES(5,27,27,1,0,0,0,X'1E685FB730DE602C8723F9223E894D33');
CREATE TABLE order_line (
    program_id          INTEGER NOT NULL,
    order_no            ANY     NOT NULL CHECK (typeof(order_no) IN ('integer', 'blob')),
    line_no             ANY     NOT NULL CHECK (typeof(line_no) IN ('integer', 'blob')),
    seq                 INTEGER NOT NULL,
    import_id           INTEGER NOT NULL REFERENCES import (id),
    state               INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4), -- pending approved settled declined reversed
    status_word         INTEGER,
    placement           INTEGER,
    sub_id              TEXT,
    clicked_at          INTEGER,
    ordered_at          INTEGER,
    paid_at             INTEGER,
    finished_at         INTEGER,
    settled_at          INTEGER,
    updated_at          INTEGER,
    category            INTEGER,
    product             ANY,
    store               INTEGER,
    click_country       INTEGER,
    ship_to             INTEGER,
    seller_country      INTEGER,
    host                INTEGER,
    currency            INTEGER,
    amount_currency     INTEGER,
    quantity            INTEGER NOT NULL CHECK (quantity >= 1),
    product_price       INTEGER CHECK (product_price >= 0),
    service_fee         INTEGER CHECK (service_fee >= 0),
    paid_amount         INTEGER CHECK (paid_amount >= 0),
    final_amount        INTEGER CHECK (final_amount >= 0),
    refunded            INTEGER CHECK (refunded >= 0),
    -- Pairs of bits, 0 unknown: new_buyer, hot, affiliate, coupon (1 no, 2 yes), platform (1 app,
    -- 2 web), link (1 product, 2 store, 3 other), doubtful time (1 yes).
    traits              INTEGER NOT NULL CHECK (traits >= 0),
    reported_rate       INTEGER CHECK (reported_rate BETWEEN 0 AND 1000000),
    reported_commission INTEGER,
    reported_incentive  INTEGER,
    reported_bonus      INTEGER,
    PRIMARY KEY (program_id, order_no, line_no, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO "order_line" VALUES(1,1,1,1,1,1,0,1,'tag-a',NULL,NULL,1720591200,NULL,NULL,NULL,2,NULL,NULL,NULL,3,4,NULL,NULL,NULL,1,10000,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "order_line" VALUES(1,1,1,8,2,1,0,1,'tag-a',NULL,NULL,1720591200,NULL,NULL,NULL,2,NULL,NULL,NULL,3,4,NULL,NULL,NULL,1,10000,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "order_line" VALUES(1,2,1,2,1,1,0,1,'tag-b',NULL,NULL,1723269600,NULL,NULL,NULL,2,NULL,NULL,NULL,5,4,NULL,NULL,NULL,1,5000,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "order_line" VALUES(1,2,1,5,2,2,7,1,'tag-b',NULL,NULL,1723269600,NULL,NULL,NULL,2,NULL,NULL,NULL,5,4,NULL,NULL,NULL,1,4500,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "order_line" VALUES(1,2,1,9,3,1,0,1,'tag-b',NULL,NULL,1723269600,NULL,NULL,NULL,2,NULL,NULL,NULL,5,4,NULL,NULL,NULL,1,5000,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "order_line" VALUES(1,2,2,3,1,0,6,1,'tag-b',NULL,NULL,1723269600,NULL,NULL,NULL,2,NULL,NULL,NULL,5,4,NULL,NULL,NULL,1,1000,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "order_line" VALUES(1,2,2,10,3,0,6,1,'tag-b',NULL,NULL,1723269600,NULL,NULL,NULL,2,NULL,NULL,NULL,5,4,NULL,NULL,NULL,1,1000,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "order_line" VALUES(1,5,1,6,2,1,0,1,NULL,NULL,NULL,1727676000,NULL,NULL,NULL,2,NULL,NULL,NULL,3,4,NULL,NULL,NULL,1,800,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "order_line" VALUES(1,7,1,7,3,1,0,1,NULL,NULL,NULL,1727679600,NULL,NULL,NULL,2,NULL,NULL,NULL,3,4,NULL,NULL,NULL,1,900,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "order_line" VALUES(1,9,1,27,5,1,0,NULL,NULL,NULL,NULL,1723276800,NULL,NULL,NULL,10,NULL,NULL,NULL,3,4,11,9,NULL,1,3000,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "order_line" VALUES(1,X'0003412D37',1,4,1,2,7,8,NULL,NULL,NULL,1725948000,NULL,NULL,NULL,2,NULL,NULL,NULL,3,4,NULL,NULL,NULL,1,2000,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "order_line" VALUES(1,X'0003412D37',1,11,3,2,7,8,NULL,NULL,NULL,1725948000,NULL,NULL,NULL,2,NULL,NULL,NULL,3,4,NULL,NULL,NULL,1,2000,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL);
CREATE TABLE order_month (
    program_id  INTEGER NOT NULL REFERENCES program (id),
    governed_by INTEGER NOT NULL CHECK (governed_by BETWEEN 0 AND 2),
    month       INTEGER NOT NULL,
    chunk       INTEGER NOT NULL,
    digits      BLOB    NOT NULL,
    texts       BLOB    NOT NULL,
    PRIMARY KEY (program_id, governed_by, month, chunk)
) STRICT, WITHOUT ROWID;
INSERT INTO "order_month" VALUES(1,0,24294,1,X'01',X'');
INSERT INTO "order_month" VALUES(1,0,24295,1,X'02',X'');
INSERT INTO "order_month" VALUES(1,0,24295,2,X'09',X'');
INSERT INTO "order_month" VALUES(1,0,24296,1,X'0502',X'00000003412D37');
INSERT INTO "order_month" VALUES(1,0,24297,1,X'0502',X'');
INSERT INTO "order_month" VALUES(1,1,24294,1,X'01',X'');
INSERT INTO "order_month" VALUES(1,1,24295,1,X'02',X'');
INSERT INTO "order_month" VALUES(1,1,24295,2,X'09',X'');
INSERT INTO "order_month" VALUES(1,1,24296,1,X'0502',X'00000003412D37');
INSERT INTO "order_month" VALUES(1,1,24297,1,X'0502',X'');
INSERT INTO "order_month" VALUES(1,2,24294,1,X'01',X'');
INSERT INTO "order_month" VALUES(1,2,24295,1,X'02',X'');
INSERT INTO "order_month" VALUES(1,2,24295,2,X'09',X'');
INSERT INTO "order_month" VALUES(1,2,24296,1,X'0502',X'00000003412D37');
INSERT INTO "order_month" VALUES(1,2,24297,1,X'0502',X'');
CREATE TABLE payment (
    program_id  INTEGER NOT NULL REFERENCES program (id),
    order_no    ANY     NOT NULL CHECK (typeof(order_no) IN ('integer', 'blob')),
    line_no     ANY     NOT NULL CHECK (typeof(line_no) IN ('integer', 'blob')),
    payout_id   INTEGER NOT NULL REFERENCES payout (id),
    seq         INTEGER NOT NULL,
    amount      INTEGER NOT NULL CHECK (amount <> 0),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (program_id, order_no, line_no, payout_id, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO "payment" VALUES(1,1,1,1,20,550,1795935478);
INSERT INTO "payment" VALUES(1,X'0003412D37',1,3,23,110,1795935478);
CREATE TABLE payout (
    id                INTEGER PRIMARY KEY,
    program_id        INTEGER NOT NULL REFERENCES program (id),
    seq               INTEGER NOT NULL UNIQUE,
    payout_no         TEXT CHECK (payout_no <> ''),
    paid_on           INTEGER NOT NULL,
    state             INTEGER NOT NULL CHECK (state BETWEEN 0 AND 1), -- arrived failed
    amount            INTEGER NOT NULL CHECK (amount > 0),
    currency          TEXT    NOT NULL CHECK (length(currency) = 3),
    received          INTEGER CHECK (received >= 0),
    received_currency TEXT CHECK (length(received_currency) = 3),
    fee               INTEGER NOT NULL CHECK (fee >= 0),
    covers_from       INTEGER,
    covers_to         INTEGER, -- inclusive
    note              TEXT CHECK (note <> ''),
    file              TEXT CHECK (file <> ''),
    recorded_at       INTEGER NOT NULL,
    CHECK ((received IS NULL) = (received_currency IS NULL)),
    CHECK (iif(state = 1, received IS NULL, fee <= amount)),
    CHECK ((covers_from IS NULL) = (covers_to IS NULL))
) STRICT;
INSERT INTO "payout" VALUES(1,1,19,'P-1',739131,0,600,'USD',5841,'NOK',50,NULL,NULL,'first',NULL,1795935478);
INSERT INTO "payout" VALUES(2,1,21,'P-2',739160,1,300,'USD',NULL,NULL,100,NULL,NULL,NULL,NULL,1795935478);
INSERT INTO "payout" VALUES(3,1,22,'P-3',739161,0,110,'USD',NULL,NULL,0,NULL,NULL,NULL,NULL,1795935478);
CREATE TABLE payout_removal (
    payout_id  INTEGER PRIMARY KEY REFERENCES payout (id),
    seq        INTEGER NOT NULL UNIQUE,
    reason     TEXT    NOT NULL CHECK (reason <> ''),
    who        TEXT,
    removed_at INTEGER NOT NULL
) STRICT;
INSERT INTO "payout_removal" VALUES(3,24,'typed wrongly',NULL,1795935478);
CREATE TABLE plugin (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL CHECK (name <> ''),
    version TEXT NOT NULL CHECK (version <> ''),
    sha256  BLOB NOT NULL CHECK (length(sha256) = 32),
    UNIQUE (sha256, name, version)
) STRICT;
CREATE TABLE plugin_answer (
    program_id INTEGER NOT NULL,
    order_no   ANY     NOT NULL,
    run_id     INTEGER NOT NULL,
    line_no    ANY     NOT NULL CHECK (typeof(line_no) IN ('integer', 'blob')),
    commission INTEGER CHECK (commission >= 0),
    incentive  INTEGER CHECK (incentive >= 0),
    reason     TEXT CHECK (reason <> ''),
    PRIMARY KEY (program_id, order_no, run_id, line_no),
    FOREIGN KEY (program_id, order_no, run_id)
        REFERENCES result (program_id, order_no, run_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE program (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "program" VALUES(1,'example');
CREATE TABLE quarantine (
    id         INTEGER PRIMARY KEY,
    import_id  INTEGER NOT NULL REFERENCES import (id),
    shape_id   INTEGER NOT NULL REFERENCES quarantine_shape (id),
    raw        BLOB    NOT NULL,
    raw_length INTEGER NOT NULL CHECK (raw_length >= length(raw))
) STRICT;
INSERT INTO "quarantine" VALUES(1,2,1,X'362C312C323032342D30392D33302030383A30303A30302C7477656C76652C312C617070726F7665642C626C6F672C2C3136332C4E4F2C434E2C',58);
CREATE TABLE quarantine_closing (
    id            INTEGER PRIMARY KEY,
    quarantine_id INTEGER NOT NULL REFERENCES quarantine (id),
    import_id     INTEGER REFERENCES import (id),
    reason        TEXT CHECK (reason <> ''),
    who           TEXT,
    closed_at     INTEGER NOT NULL,
    CHECK ((import_id IS NULL) <> (reason IS NULL))
) STRICT;
INSERT INTO "quarantine_closing" VALUES(1,1,NULL,'no price was ever told',NULL,1795935478);
CREATE TABLE quarantine_problem (
    quarantine_id INTEGER NOT NULL REFERENCES quarantine (id),
    problem_no    INTEGER NOT NULL,
    line_no       INTEGER NOT NULL,
    column_no     INTEGER NOT NULL,
    code          TEXT    NOT NULL CHECK (code <> ''),
    message       TEXT    NOT NULL CHECK (message <> ''),
    PRIMARY KEY (quarantine_id, problem_no)
) STRICT, WITHOUT ROWID;
INSERT INTO "quarantine_problem" VALUES(1,0,5,25,'R017','`product_price` is "twelve", expected a plain number with "." before the decimals');
CREATE TABLE quarantine_shape (
    id            INTEGER PRIMARY KEY,
    import_id     INTEGER NOT NULL REFERENCES import (id),
    head          BLOB    NOT NULL,
    separator     BLOB    NOT NULL,
    tail          BLOB    NOT NULL,
    by_advertiser INTEGER NOT NULL CHECK (by_advertiser IN (0, 1))
) STRICT;
INSERT INTO "quarantine_shape" VALUES(1,2,X'6F726465725F6E6F2C6C696E655F6E6F2C706169645F61742C70726F647563745F70726963652C7175616E746974792C7374617475732C706C6163656D656E742C7375625F69642C63617465676F72792C736869705F746F2C73656C6C65725F636F756E7472792C6E65775F62757965720A',X'0A',X'0A',0);
CREATE TABLE rate_import (
    id          INTEGER PRIMARY KEY,
    file        TEXT    NOT NULL,
    file_digest BLOB    NOT NULL UNIQUE CHECK (length(file_digest) = 32),
    format      TEXT    NOT NULL,
    imported_at INTEGER NOT NULL,
    added       INTEGER NOT NULL,
    revised     INTEGER NOT NULL,
    unchanged   INTEGER NOT NULL,
    rejected    INTEGER NOT NULL
) STRICT;
INSERT INTO "rate_import" VALUES(1,'rates.csv',X'959E84B8C7F477A8037625AD3FC406C3DA517817B2F21A7AA1EBD9A579AAFDFF','feebook',1795935478,2,0,0,0);
CREATE TABLE result (
    program_id          INTEGER NOT NULL REFERENCES program (id),
    order_no            ANY     NOT NULL,
    run_id              INTEGER NOT NULL REFERENCES run (id),
    month               INTEGER,
    schedule            INTEGER REFERENCES document (id),
    fingerprint         BLOB    NOT NULL CHECK (length(fingerprint) = 16),
    pending_commission  INTEGER NOT NULL CHECK (pending_commission >= 0),
    pending_incentive   INTEGER NOT NULL CHECK (pending_incentive >= 0),
    pending_bonus       INTEGER NOT NULL CHECK (pending_bonus >= 0),
    pending_withheld    INTEGER NOT NULL CHECK (pending_withheld >= 0),
    approved_commission INTEGER NOT NULL CHECK (approved_commission >= 0),
    approved_incentive  INTEGER NOT NULL CHECK (approved_incentive >= 0),
    approved_bonus      INTEGER NOT NULL CHECK (approved_bonus >= 0),
    approved_withheld   INTEGER NOT NULL CHECK (approved_withheld >= 0),
    settled_commission  INTEGER NOT NULL CHECK (settled_commission >= 0),
    settled_incentive   INTEGER NOT NULL CHECK (settled_incentive >= 0),
    settled_bonus       INTEGER NOT NULL CHECK (settled_bonus >= 0),
    settled_withheld    INTEGER NOT NULL CHECK (settled_withheld >= 0),
    held_commission     INTEGER NOT NULL CHECK (held_commission >= 0),
    held_incentive      INTEGER NOT NULL CHECK (held_incentive >= 0),
    held_bonus          INTEGER NOT NULL CHECK (held_bonus >= 0),
    held_withheld       INTEGER NOT NULL CHECK (held_withheld >= 0), plugin_id INTEGER REFERENCES plugin (id), day INTEGER,
    PRIMARY KEY (program_id, order_no, run_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "result" VALUES(1,1,1,24294,3,X'142CE3900F667AF2D97F59109244FA5E',0,0,0,0,550,0,0,0,0,0,0,0,0,0,0,0,NULL,739077);
INSERT INTO "result" VALUES(1,1,3,24294,3,X'30774D837285749EB6F064538D68801C',0,0,0,0,550,0,0,0,0,0,0,0,0,0,0,0,NULL,739077);
INSERT INTO "result" VALUES(1,2,1,24295,3,X'55BB6AAE2A94C61B6927065B40FCF02F',55,0,0,0,275,0,0,0,0,0,0,0,0,0,0,0,NULL,739108);
INSERT INTO "result" VALUES(1,2,2,24295,3,X'D314D53D1050ED6579F3E5F5AFB5DA3D',55,0,0,0,0,0,0,0,248,0,0,0,0,0,0,0,NULL,739108);
INSERT INTO "result" VALUES(1,2,3,24295,3,X'9F1A975C207C98D5CDADC569C6A81B70',0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,NULL,739108);
INSERT INTO "result" VALUES(1,5,2,24296,3,X'021B805A6635E67CFD30BF44F825BC5A',0,0,0,0,44,0,0,0,0,0,0,0,0,0,0,0,NULL,739159);
INSERT INTO "result" VALUES(1,5,4,24296,3,X'EA66129DC2308E030E91D921D33A9001',0,0,0,0,0,0,0,0,0,0,0,0,44,0,0,0,NULL,739159);
INSERT INTO "result" VALUES(1,7,3,24296,3,X'BF47DBF845877C564ABCF53B3A3095AB',0,0,0,0,50,0,0,0,0,0,0,0,0,0,0,0,NULL,739159);
INSERT INTO "result" VALUES(1,9,5,24295,3,X'704C0F25104BD7F1424581B51A730BA9',0,0,0,0,240,0,0,0,0,0,0,0,0,0,0,0,NULL,739108);
INSERT INTO "result" VALUES(1,X'0003412D37',1,24296,3,X'8C5FB6ADB8509356DE5FD9BDD50A18EB',0,0,0,0,0,0,0,0,110,0,0,0,0,0,0,0,NULL,739139);
CREATE TABLE retry (
    import_id   INTEGER PRIMARY KEY REFERENCES import (id),
    of_import   INTEGER NOT NULL REFERENCES import (id)
) STRICT;
CREATE TABLE run (
    id      INTEGER PRIMARY KEY,
    seq     INTEGER NOT NULL,
    book_id INTEGER NOT NULL REFERENCES book (id),
    ran_at  INTEGER NOT NULL,
    scope   TEXT    NOT NULL
) STRICT;
INSERT INTO "run" VALUES(1,4,1,1795935478,'all programs, all days');
INSERT INTO "run" VALUES(2,6,1,1795935478,'all programs, all days');
INSERT INTO "run" VALUES(3,16,1,1795935478,'all programs, all days');
INSERT INTO "run" VALUES(4,26,1,1795935478,'all programs, all days');
INSERT INTO "run" VALUES(5,27,1,1795944214,'all programs, all days');
CREATE TABLE seal (
    id           INTEGER PRIMARY KEY,
    sealed_table TEXT    NOT NULL CHECK (sealed_table <> ''),
    upto         INTEGER NOT NULL,
    row_count    INTEGER NOT NULL CHECK (row_count > 0),
    digest       BLOB    NOT NULL CHECK (length(digest) = 16)
) STRICT;
INSERT INTO "seal" VALUES(1,'archive',1,1,X'BFB2BBB733EC10231E4E34B53316D82E');
INSERT INTO "seal" VALUES(2,'archive_part',1,1,X'9609501F9E9A1F88581E88AC96FBC125');
INSERT INTO "seal" VALUES(3,'import',1,1,X'C927977E3084BE0E0FFA79D9FA9780CF');
INSERT INTO "seal" VALUES(4,'import_summary',1,1,X'E317A8A5668FBF56B2A6461CADE193FE');
INSERT INTO "seal" VALUES(5,'program',1,1,X'CFACAE03AF839CCFD3F54961B8795085');
INSERT INTO "seal" VALUES(6,'word',8,9,X'3C7AEDA07F7A29E63AA9A2E7F31681A3');
INSERT INTO "seal" VALUES(7,'book',1,1,X'43DEBB26A9FC8E21971E203C3D690927');
INSERT INTO "seal" VALUES(8,'book_document',1,5,X'62EDF90F9042F2CAC342DEFF8749B971');
INSERT INTO "seal" VALUES(9,'document',5,5,X'51C28E7FCC6D86E80F26A91A5DD67A9B');
INSERT INTO "seal" VALUES(10,'run',1,1,X'F26F2D31BCB9EA7D0B1A88D19A95B5F1');
INSERT INTO "seal" VALUES(11,'result',0,3,X'7F99B35F681467C217D808D30FA2D225');
INSERT INTO "seal" VALUES(12,'archive',2,1,X'AD92766A5F5DD04B80F3A7F6A2965E76');
INSERT INTO "seal" VALUES(13,'archive_part',2,1,X'EEC837783893F3B4373449F5FA9045C5');
INSERT INTO "seal" VALUES(14,'import',2,1,X'D4480C03BCA5C0F6D993D47F30DE9A76');
INSERT INTO "seal" VALUES(15,'import_summary',2,1,X'75B8F997487FA787A03773029EAFE071');
INSERT INTO "seal" VALUES(16,'quarantine',1,1,X'C0C9BCAC30AC52607B0326BB9B968675');
INSERT INTO "seal" VALUES(17,'quarantine_problem',1,1,X'9C00884E2A5FA26AB553E0F7E2FC1377');
INSERT INTO "seal" VALUES(18,'quarantine_shape',1,1,X'0EAF812C8992BAB548D2BF0FC11E2A05');
INSERT INTO "seal" VALUES(19,'sighting',0,1,X'6FE8EC8571674E99F1E0AC3CB71ACB9C');
INSERT INTO "seal" VALUES(20,'run',2,1,X'49CF0594528233FA67DEC06880C85B51');
INSERT INTO "seal" VALUES(21,'result',0,2,X'3AB42096348A6E5A8752ECB4A90327BE');
INSERT INTO "seal" VALUES(22,'archive',3,1,X'34DFE21CE2FECEAAED087ACE08CB0CDA');
INSERT INTO "seal" VALUES(23,'archive_part',3,1,X'EF9D585CD05F1E493401B442D8959353');
INSERT INTO "seal" VALUES(24,'import',3,1,X'FDAF4DB9074832F44140059266483616');
INSERT INTO "seal" VALUES(25,'import_summary',3,1,X'3BD9A03E5F04647B587D74E796755ADA');
INSERT INTO "seal" VALUES(26,'sighting',0,1,X'5C696DFAD5E952C15FA028C03CFC5D67');
INSERT INTO "seal" VALUES(27,'withdrawal',12,1,X'FC064A3CC945C75A91234334214FCC14');
INSERT INTO "seal" VALUES(28,'order_line',0,4,X'801276C467262E7411EE7EE9146E39FC');
INSERT INTO "seal" VALUES(29,'sighting',0,1,X'50B28BB33D970B505325DED3EBE0AB4B');
INSERT INTO "seal" VALUES(30,'import',4,1,X'6A88FE4BC90F436496A9AEF8487CBF5C');
INSERT INTO "seal" VALUES(31,'import_summary',4,1,X'18DBD7561EA296FA6FE0AE070B27983D');
INSERT INTO "seal" VALUES(32,'flag',15,1,X'38FC7A7F07568BDE0213F2B58E4B66FE');
INSERT INTO "seal" VALUES(33,'dated_fact',16,1,X'73D2AE17459A2DA5B3A051803E136E9F');
INSERT INTO "seal" VALUES(34,'run',3,1,X'B7E1FE7FCFFD3BB28A3917AD518B5A14');
INSERT INTO "seal" VALUES(35,'result',0,3,X'38D611C0855C0E33F71B09CB8022E16F');
INSERT INTO "seal" VALUES(36,'exchange_rate',18,2,X'090A476E9D637AC6B3C3FD0BBF811FD2');
INSERT INTO "seal" VALUES(37,'rate_import',1,1,X'D453FF9299C18F0F3C8223B32DCC4F31');
INSERT INTO "seal" VALUES(38,'payment',20,1,X'F2B541035759FFE3783554CD530027AC');
INSERT INTO "seal" VALUES(39,'payout',19,1,X'2FD1A899AB86A5C1ECC485B412FDD7BC');
INSERT INTO "seal" VALUES(40,'payout',21,1,X'32C24ABE91601096E75927DAE9BB01AD');
INSERT INTO "seal" VALUES(41,'payment',23,1,X'4B4E3D303290D41BD74D71783F8762EC');
INSERT INTO "seal" VALUES(42,'payout',22,1,X'02EEB5586F3C0D0A9C0A1D608A243403');
INSERT INTO "seal" VALUES(43,'payout_removal',24,1,X'9EF98DF3FA3488C60FC24A1DBF8C5017');
INSERT INTO "seal" VALUES(44,'closing',25,1,X'B8F23E70F9AEDAD8488E79628F9A1C32');
INSERT INTO "seal" VALUES(45,'flag',26,1,X'0B45EFA91B3973CF3E02FEEF13C43F2B');
INSERT INTO "seal" VALUES(46,'run',4,1,X'DDA95AA595A274671045A93FD61DA197');
INSERT INTO "seal" VALUES(47,'result',0,1,X'DFA3554C46B0757DF3B6822290E036A0');
INSERT INTO "seal" VALUES(48,'quarantine_closing',1,1,X'CD897AD9A3CC996BCD1469CBD7665605');
INSERT INTO "seal" VALUES(49,'import',5,1,X'ED5DCC4D4F2AFE2AE5892FF670174799');
INSERT INTO "seal" VALUES(50,'import_summary',5,1,X'402CFCD840A5F87CC681305C85C19F24');
INSERT INTO "seal" VALUES(51,'word',11,3,X'D049522BE55A1048E3A06AF13B07BA97');
INSERT INTO "seal" VALUES(52,'run',5,1,X'5182DC873BCC71CC7FC1744BC8351B56');
INSERT INTO "seal" VALUES(53,'result',0,1,X'C916D1F62D7F4EEC4B39F48FE7A5CF78');
CREATE TABLE sighting (
    import_id INTEGER NOT NULL REFERENCES import (id),
    chunk     INTEGER NOT NULL,
    seqs      BLOB    NOT NULL,
    PRIMARY KEY (import_id, chunk)
) STRICT, WITHOUT ROWID;
INSERT INTO "sighting" VALUES(2,0,X'01');
INSERT INTO "sighting" VALUES(3,0,X'01010101');
INSERT INTO "sighting" VALUES(3,1,X'08');
CREATE TABLE whole_run (
    program_id INTEGER PRIMARY KEY REFERENCES program (id),
    seq        INTEGER NOT NULL,
    basis      BLOB    NOT NULL CHECK (length(basis) = 16),
    orders     INTEGER NOT NULL CHECK (orders >= 0),
    lines      INTEGER NOT NULL CHECK (lines >= 0),
    verdicts   BLOB    NOT NULL,
    digest     BLOB    NOT NULL CHECK (length(digest) = 16)
) STRICT;
INSERT INTO "whole_run" VALUES(1,27,X'F020A67189038F7659B25E888C4B6942',6,7,X'00000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000100000000000000000000000000000004',X'4F25E532AEF85DE30B56A1B024E80B61');
CREATE TABLE withdrawal (
    import_id    INTEGER PRIMARY KEY REFERENCES import (id),
    seq          INTEGER NOT NULL,
    withdrawn_at INTEGER NOT NULL,
    fact_digest  BLOB    NOT NULL CHECK (length(fact_digest) = 16)
) STRICT;
INSERT INTO "withdrawal" VALUES(1,12,1795935478,X'0E4B0C95DAC5FF9078F78CD54B2BCA64');
CREATE TABLE word (
    id   INTEGER PRIMARY KEY CHECK (id >= 0),
    text TEXT NOT NULL
) STRICT;
INSERT INTO "word" VALUES(0,'approved');
INSERT INTO "word" VALUES(1,'blog');
INSERT INTO "word" VALUES(2,'163');
INSERT INTO "word" VALUES(3,'NO');
INSERT INTO "word" VALUES(4,'CN');
INSERT INTO "word" VALUES(5,'SE');
INSERT INTO "word" VALUES(6,'pending');
INSERT INTO "word" VALUES(7,'settled');
INSERT INTO "word" VALUES(8,'shop');
INSERT INTO "word" VALUES(9,'USD');
INSERT INTO "word" VALUES(10,'22');
INSERT INTO "word" VALUES(11,'www.example.com');
CREATE INDEX import_by_file ON import (file_digest);
CREATE INDEX exchange_rate_by_seq ON exchange_rate (seq);
CREATE INDEX payment_by_seq ON payment (seq);
CREATE INDEX payment_by_payout ON payment (payout_id);
CREATE INDEX quarantine_shape_by_import ON quarantine_shape (import_id);
CREATE INDEX quarantine_by_import ON quarantine (import_id);
CREATE INDEX quarantine_closing_by_row ON quarantine_closing (quarantine_id);
CREATE TRIGGER word_refuses_update BEFORE UPDATE ON word BEGIN
    SELECT RAISE(ABORT, 'word is append-only');
END;
CREATE TRIGGER word_refuses_delete BEFORE DELETE ON word BEGIN
    SELECT RAISE(ABORT, 'word is append-only');
END;
CREATE TRIGGER program_refuses_update BEFORE UPDATE ON program BEGIN
    SELECT RAISE(ABORT, 'program is append-only');
END;
CREATE TRIGGER program_refuses_delete BEFORE DELETE ON program BEGIN
    SELECT RAISE(ABORT, 'program is append-only');
END;
CREATE TRIGGER import_refuses_update BEFORE UPDATE ON import BEGIN
    SELECT RAISE(ABORT, 'import is append-only');
END;
CREATE TRIGGER import_refuses_delete BEFORE DELETE ON import BEGIN
    SELECT RAISE(ABORT, 'import is append-only');
END;
CREATE TRIGGER import_summary_refuses_update BEFORE UPDATE ON import_summary BEGIN
    SELECT RAISE(ABORT, 'import_summary is append-only');
END;
CREATE TRIGGER import_summary_refuses_delete BEFORE DELETE ON import_summary BEGIN
    SELECT RAISE(ABORT, 'import_summary is append-only');
END;
CREATE TRIGGER withdrawal_refuses_update BEFORE UPDATE ON withdrawal BEGIN
    SELECT RAISE(ABORT, 'withdrawal is append-only');
END;
CREATE TRIGGER withdrawal_refuses_delete BEFORE DELETE ON withdrawal BEGIN
    SELECT RAISE(ABORT, 'withdrawal is append-only');
END;
CREATE TRIGGER sighting_refuses_update BEFORE UPDATE ON sighting BEGIN
    SELECT RAISE(ABORT, 'sighting is append-only');
END;
CREATE TRIGGER sighting_refuses_delete BEFORE DELETE ON sighting BEGIN
    SELECT RAISE(ABORT, 'sighting is append-only');
END;
CREATE TRIGGER order_line_refuses_update BEFORE UPDATE ON order_line BEGIN
    SELECT RAISE(ABORT, 'order_line is append-only');
END;
CREATE TRIGGER order_line_refuses_delete BEFORE DELETE ON order_line BEGIN
    SELECT RAISE(ABORT, 'order_line is append-only');
END;
CREATE TRIGGER document_refuses_update BEFORE UPDATE ON document BEGIN
    SELECT RAISE(ABORT, 'document is append-only');
END;
CREATE TRIGGER document_refuses_delete BEFORE DELETE ON document BEGIN
    SELECT RAISE(ABORT, 'document is append-only');
END;
CREATE TRIGGER book_refuses_update BEFORE UPDATE ON book BEGIN
    SELECT RAISE(ABORT, 'book is append-only');
END;
CREATE TRIGGER book_refuses_delete BEFORE DELETE ON book BEGIN
    SELECT RAISE(ABORT, 'book is append-only');
END;
CREATE TRIGGER book_document_refuses_update BEFORE UPDATE ON book_document BEGIN
    SELECT RAISE(ABORT, 'book_document is append-only');
END;
CREATE TRIGGER book_document_refuses_delete BEFORE DELETE ON book_document BEGIN
    SELECT RAISE(ABORT, 'book_document is append-only');
END;
CREATE TRIGGER run_refuses_update BEFORE UPDATE ON run BEGIN
    SELECT RAISE(ABORT, 'run is append-only');
END;
CREATE TRIGGER run_refuses_delete BEFORE DELETE ON run BEGIN
    SELECT RAISE(ABORT, 'run is append-only');
END;
CREATE TRIGGER result_refuses_update BEFORE UPDATE ON result BEGIN
    SELECT RAISE(ABORT, 'result is append-only');
END;
CREATE TRIGGER result_refuses_delete BEFORE DELETE ON result BEGIN
    SELECT RAISE(ABORT, 'result is append-only');
END;
CREATE TRIGGER click_refuses_update BEFORE UPDATE ON click BEGIN
    SELECT RAISE(ABORT, 'click is append-only');
END;
CREATE TRIGGER click_refuses_delete BEFORE DELETE ON click BEGIN
    SELECT RAISE(ABORT, 'click is append-only');
END;
CREATE TRIGGER flag_refuses_update BEFORE UPDATE ON flag BEGIN
    SELECT RAISE(ABORT, 'flag is append-only');
END;
CREATE TRIGGER flag_refuses_delete BEFORE DELETE ON flag BEGIN
    SELECT RAISE(ABORT, 'flag is append-only');
END;
CREATE TRIGGER flag_removal_refuses_update BEFORE UPDATE ON flag_removal BEGIN
    SELECT RAISE(ABORT, 'flag_removal is append-only');
END;
CREATE TRIGGER flag_removal_refuses_delete BEFORE DELETE ON flag_removal BEGIN
    SELECT RAISE(ABORT, 'flag_removal is append-only');
END;
CREATE TRIGGER dated_fact_refuses_update BEFORE UPDATE ON dated_fact BEGIN
    SELECT RAISE(ABORT, 'dated_fact is append-only');
END;
CREATE TRIGGER dated_fact_refuses_delete BEFORE DELETE ON dated_fact BEGIN
    SELECT RAISE(ABORT, 'dated_fact is append-only');
END;
CREATE TRIGGER dated_fact_removal_refuses_update BEFORE UPDATE ON dated_fact_removal BEGIN
    SELECT RAISE(ABORT, 'dated_fact_removal is append-only');
END;
CREATE TRIGGER dated_fact_removal_refuses_delete BEFORE DELETE ON dated_fact_removal BEGIN
    SELECT RAISE(ABORT, 'dated_fact_removal is append-only');
END;
CREATE TRIGGER plugin_refuses_update BEFORE UPDATE ON plugin BEGIN
    SELECT RAISE(ABORT, 'plugin is append-only');
END;
CREATE TRIGGER plugin_refuses_delete BEFORE DELETE ON plugin BEGIN
    SELECT RAISE(ABORT, 'plugin is append-only');
END;
CREATE TRIGGER plugin_answer_refuses_update BEFORE UPDATE ON plugin_answer BEGIN
    SELECT RAISE(ABORT, 'plugin_answer is append-only');
END;
CREATE TRIGGER plugin_answer_refuses_delete BEFORE DELETE ON plugin_answer BEGIN
    SELECT RAISE(ABORT, 'plugin_answer is append-only');
END;
CREATE TRIGGER rate_import_refuses_update BEFORE UPDATE ON rate_import BEGIN
    SELECT RAISE(ABORT, 'rate_import is append-only');
END;
CREATE TRIGGER rate_import_refuses_delete BEFORE DELETE ON rate_import BEGIN
    SELECT RAISE(ABORT, 'rate_import is append-only');
END;
CREATE TRIGGER exchange_rate_refuses_update BEFORE UPDATE ON exchange_rate BEGIN
    SELECT RAISE(ABORT, 'exchange_rate is append-only');
END;
CREATE TRIGGER exchange_rate_refuses_delete BEFORE DELETE ON exchange_rate BEGIN
    SELECT RAISE(ABORT, 'exchange_rate is append-only');
END;
CREATE TRIGGER payout_refuses_update BEFORE UPDATE ON payout BEGIN
    SELECT RAISE(ABORT, 'payout is append-only');
END;
CREATE TRIGGER payout_refuses_delete BEFORE DELETE ON payout BEGIN
    SELECT RAISE(ABORT, 'payout is append-only');
END;
CREATE TRIGGER payment_refuses_update BEFORE UPDATE ON payment BEGIN
    SELECT RAISE(ABORT, 'payment is append-only');
END;
CREATE TRIGGER payment_refuses_delete BEFORE DELETE ON payment BEGIN
    SELECT RAISE(ABORT, 'payment is append-only');
END;
CREATE TRIGGER payout_removal_refuses_update BEFORE UPDATE ON payout_removal BEGIN
    SELECT RAISE(ABORT, 'payout_removal is append-only');
END;
CREATE TRIGGER payout_removal_refuses_delete BEFORE DELETE ON payout_removal BEGIN
    SELECT RAISE(ABORT, 'payout_removal is append-only');
END;
CREATE TRIGGER closing_refuses_update BEFORE UPDATE ON closing BEGIN
    SELECT RAISE(ABORT, 'closing is append-only');
END;
CREATE TRIGGER closing_refuses_delete BEFORE DELETE ON closing BEGIN
    SELECT RAISE(ABORT, 'closing is append-only');
END;
CREATE TRIGGER quarantine_shape_refuses_update BEFORE UPDATE ON quarantine_shape BEGIN
    SELECT RAISE(ABORT, 'quarantine_shape is append-only');
END;
CREATE TRIGGER quarantine_shape_refuses_delete BEFORE DELETE ON quarantine_shape BEGIN
    SELECT RAISE(ABORT, 'quarantine_shape is append-only');
END;
CREATE TRIGGER quarantine_refuses_update BEFORE UPDATE ON quarantine BEGIN
    SELECT RAISE(ABORT, 'quarantine is append-only');
END;
CREATE TRIGGER quarantine_refuses_delete BEFORE DELETE ON quarantine BEGIN
    SELECT RAISE(ABORT, 'quarantine is append-only');
END;
CREATE TRIGGER quarantine_problem_refuses_update BEFORE UPDATE ON quarantine_problem BEGIN
    SELECT RAISE(ABORT, 'quarantine_problem is append-only');
END;
CREATE TRIGGER quarantine_problem_refuses_delete BEFORE DELETE ON quarantine_problem BEGIN
    SELECT RAISE(ABORT, 'quarantine_problem is append-only');
END;
CREATE TRIGGER quarantine_closing_refuses_update BEFORE UPDATE ON quarantine_closing BEGIN
    SELECT RAISE(ABORT, 'quarantine_closing is append-only');
END;
CREATE TRIGGER quarantine_closing_refuses_delete BEFORE DELETE ON quarantine_closing BEGIN
    SELECT RAISE(ABORT, 'quarantine_closing is append-only');
END;
CREATE TRIGGER retry_refuses_update BEFORE UPDATE ON retry BEGIN
    SELECT RAISE(ABORT, 'retry is append-only');
END;
CREATE TRIGGER retry_refuses_delete BEFORE DELETE ON retry BEGIN
    SELECT RAISE(ABORT, 'retry is append-only');
END;
CREATE TRIGGER archive_refuses_update BEFORE UPDATE ON archive BEGIN
    SELECT RAISE(ABORT, 'archive is append-only');
END;
CREATE TRIGGER archive_refuses_delete BEFORE DELETE ON archive BEGIN
    SELECT RAISE(ABORT, 'archive is append-only');
END;
CREATE TRIGGER archive_part_refuses_update BEFORE UPDATE ON archive_part BEGIN
    SELECT RAISE(ABORT, 'archive_part is append-only');
END;
CREATE TRIGGER archive_part_refuses_delete BEFORE DELETE ON archive_part BEGIN
    SELECT RAISE(ABORT, 'archive_part is append-only');
END;
CREATE TRIGGER seal_refuses_update BEFORE UPDATE ON seal BEGIN
    SELECT RAISE(ABORT, 'seal is append-only');
END;
CREATE TRIGGER seal_refuses_delete BEFORE DELETE ON seal BEGIN
    SELECT RAISE(ABORT, 'seal is append-only');
END;
COMMIT;
