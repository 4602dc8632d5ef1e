//! Two invented programs that use what the shipped ones do not.
//!
//! Owns their files' text. `oracle-bazaar` sits in a zone whose clock changes at midnight, `oracle-yen` in
//! one that changes by half an hour and pays in a currency without decimals.

/// The files, by path below the sandbox's folder.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("schedules/oracle-bazaar/program.toml", BAZAAR),
    ("schedules/oracle-bazaar/categories.csv", BAZAAR_TREE),
    ("schedules/oracle-bazaar/2022-11-06.toml", BAZAAR_A),
    ("schedules/oracle-bazaar/2023-03-12.toml", BAZAAR_B),
    ("schedules/oracle-bazaar/2023-06-15-afternoon.toml", BAZAAR_C),
    ("schedules/oracle-bazaar/2023-11-05.toml", BAZAAR_D),
    ("schedules/oracle-yen/program.toml", YEN),
    ("schedules/oracle-yen/categories/old.csv", YEN_OLD_TREE),
    ("schedules/oracle-yen/categories/new.csv", YEN_NEW_TREE),
    ("schedules/oracle-yen/2023-01-01.toml", YEN_A),
    ("schedules/oracle-yen/2023-10-01.toml", YEN_B),
    ("schedules/oracle-yen/2024-04-07.toml", YEN_C),
];

const BAZAAR: &str = r#"
format          = 1
name            = "Oracle Bazaar (invented)"
timezone        = "America/Havana"
payout_currency = "USD"
governed_by     = "ordered"
"#;

const BAZAAR_TREE: &str = "id,parent,name
1,,Home
11,1,Kitchen
111,11,Pots
12,1,Garden
2,,Technics
21,2,Phones
211,21,Cases
22,2,Laptops
221,22,Sleeves
3,,Toys
31,3,Dolls
4,,Books
9,,Vouchers
91,9,Gift Cards
";

/// Starts on a midnight that occurs twice; no default rate.
const BAZAAR_A: &str = r#"
format       = 1
effective_on = 2022-11-06
source       = "invented"

[policy]
basis        = "paid_amount"
currency     = "USD"
fx_on        = "governing"
rounding     = "half_even"
attribution_window = "P7D"
service_fee  = { max = "60%", ship_to = ["@eu"], when_unknown = "max" }
bonus_without_commission = true
[policy.clauses]
qualified    = "A.1"
attribution_window = "A.2"
currency     = "A.3"

[groups]
eu  = ["DE", "FR"]
far = ["JP", "AU"]

[[exclude]]
clause = "A.10"
reason = "voucher"
categories = [9]

[[exclude]]
clause = "A.11"
reason = "foreign_click"
not_click_countries = ["DE", "FR", "US"]
platform = "web"

[[exclude]]
clause = "A.12"
reason = "coupon_on_toys"
coupon = "yes"
categories = [3]

[[exclude]]
clause = "A.13"
reason = "euro"
currencies = ["EUR"]

[[exclude]]
clause = "A.14"
reason = "void_product"
marks = ["void", "virtual"]

[[exclude]]
clause = "A.15"
reason = "no_such_placement"
placement_kind = ["sem", "extension"]
platform = "app"

[[exclude]]
clause = "A.16"
reason = "channel_ended"
channel = "ended"
link = "store"

[[rate]]
clause = "A.18"
rate = "9%"
channel = ["gold", "silver"]
categories = [12]

[[rate]]
clause = "A.19"
rate = "3.75%"
placement_kind = ["cashback"]
link = "other"

[[rate]]
clause = "A.20"
rate = "10%"
item = "hot"

[[rate]]
clause = "A.21"
rate = { min = "0.8%", max = "70%" }
categories = [21]

[[rate]]
clause = "A.22"
rate = "unknown"
categories = [22]

[[rate]]
clause = "A.23"
amount = "1.00"
categories = [3]
platform = "app"

[[rate]]
clause = "A.24"
rate = "7.5%"
not_ship_to = ["@far"]
link = "product"

[[rate]]
clause = "A.25"
rate = "2.5%"
stores = ["5001", "5002"]

[[rate]]
clause = "A.26"
rate = "2.5%"
products = ["9001"]

[[rate]]
clause = "A.27"
rate = "7.5%"
ship_to = ["@far"]

[[rate]]
clause = "A.28"
rate = "2.50%"
coupon = "no"

[[bonus]]
clause = "A.36"
for = "new_buyer"
amount = "0.90"
channel = "gold"
platform = "web"

[[bonus]]
clause = "A.37"
for = "new_buyer"
amount = "0.60"
marks = ["promo", "void"]

[[bonus]]
clause = "A.38"
for = "new_buyer"
amount = "0.30"
placement_kind = ["content", "cashback"]
link = "product"

[[bonus]]
clause = "A.39"
for = "new_buyer"
amount = "0.10"
click_country = "same"
coupon = "yes"

[[bonus]]
clause = "A.40"
for = "new_buyer"
amount = "1.50"
ship_to = ["DE"]

[[bonus]]
clause = "A.41"
for = "new_buyer"
amount = "2.25"
platform = "app"

[[bonus]]
clause = "A.42"
for = "new_buyer"
amount = "0.75"
click_countries = ["US"]

[cap]
clause = "A.50"
per_order = "20.00"
covers = ["commission", "bonus"]
scope = "line"

[[flag]]
kind = "fraud"
clause = "A.60"
effect = "disqualify"
marks = ["promo"]

[[flag]]
kind = "fraud"
clause = "A.61"
effect = "hold"
placement_kind = ["cashback", "content"]

[[flag]]
kind = "fraud"
clause = "A.62"
effect = "withhold_bonus"

[[flag]]
kind = "spam"
clause = "A.63"
effect = "hold"
click_country = "same"

[[flag]]
kind = "spam"
clause = "A.64"
effect = "disqualify"
channel = "gold"

[[flag]]
kind = "brand_bidding"
clause = "A.65"
effect = "hold"
click_countries = ["US", "DE"]

[[flag]]
kind = "brand_bidding"
clause = "A.66"
effect = "disqualify"
not_click_countries = ["US", "DE", "FR"]

[[flag]]
kind = "pop_up"
clause = "A.67"
effect = "withhold_bonus"
"#;

/// Starts on a midnight that does not exist, ends before the next one starts; no window, no fee.
const BAZAAR_B: &str = r#"
format       = 1
effective_on = 2023-03-12
ends_on      = 2023-06-01
source       = "invented"

[policy]
basis        = "product_price"
currency     = "USD"
fx_on        = "governing"
rounding     = "floor"
[policy.clauses]
qualified    = "B.1"

[[exclude]]
clause = "B.10"
reason = "own_click"
click_country = "same"
link = "other"

[[exclude]]
clause = "B.11"
reason = "foreign_storefront"
not_seller_countries = ["CN", "DE"]
hosts = ["shop.example.com"]

[[exclude]]
clause = "B.12"
reason = "old_buyer_elsewhere"
not_categories = [1, 2, 3]
buyer = "returning"

[[exclude]]
clause = "B.13"
reason = "cashback_coupon"
placement_kind = ["cashback", "coupon"]
coupon = "yes"

[[exclude]]
clause = "B.14"
reason = "click_from_afar"
click_countries = ["FR"]
platform = "web"

[[rate]]
clause = "B.20"
rate = "12.5%"
click_country = "same"

[[rate]]
clause = "B.20a"
rate = "11%"
click_countries = ["US"]
link = "store"

[[rate]]
clause = "B.21"
rate = "unknown"
not_categories = [1, 2]

[[rate]]
clause = "B.22"
rate = "3.3%"
item = "affiliate"

[[rate]]
clause = "B.23"
rate = "4.4%"
item = "not_affiliate"
price_from = "10.00"
price_below = "100.00"

[[rate]]
clause = "B.24"
amount = "0.05"
coupon = "yes"

[[rate]]
clause = "B.25"
rate = "5%"
hosts = ["shop.example.com"]

[[rate]]
clause = "B.26"
rate = "0.05%"

[[bonus]]
clause = "B.39"
for = "new_buyer"
amount = "1.75"
click_countries = ["DE", "JP"]
channel = ["silver"]

[[bonus]]
clause = "B.40"
for = "new_buyer"
amount = "5.00"
platform = "web"

[[bonus]]
clause = "B.41"
for = "new_buyer"
amount = "4.00"

[cap]
clause = "B.50"
per_order = "4.50"
covers = ["bonus"]
scope = "order"

[[flag]]
kind = "fraud"
clause = "B.60"
effect = "hold"
price_from = "10.00"
categories = [1, 2]

[[flag]]
kind = "fraud"
clause = "B.61"
effect = "disqualify"
on_from = 2023-04-15

[[flag]]
kind = "spam"
clause = "B.62"
effect = "hold"

[[flag]]
kind = "brand_bidding"
effect = "disqualify"
placement_kind = ["content"]
"#;

/// Starts in the afternoon, given with another offset; the cap's scope is left to its default.
const BAZAAR_C: &str = r#"
format       = 1
effective_at = 2023-06-16T02:30:00+05:30
source       = "invented"

[policy]
basis        = "paid_amount"
currency     = "USD"
rounding     = "half_up"
attribution_window = "P2D"
service_fee  = { max = "8%", ship_to = ["@eu"], when_unknown = "max" }
bonus_without_commission = true
[policy.clauses]
qualified    = "C.1"
attribution_window = "C.2"
currency     = "C.3"

[groups]
eu = ["DE", "FR"]

[[exclude]]
clause = "C.10"
reason = "channel_ended"
channel = ["ended"]
coupon = "yes"

[[exclude]]
clause = "C.11"
reason = "void_product"
marks = ["void"]
item = "not_affiliate"

[[exclude]]
clause = "C.12"
reason = "own_click"
click_country = "same"
link = "other"

[[rate]]
clause = "C.20"
rate = "9%"
categories = [1]
on_from = 2023-07-01
on_until = 2023-08-01

[[rate]]
clause = "C.20a"
rate = "4.2%"
placement_kind = "content"
platform = "web"
categories = [2]

[[rate]]
clause = "C.20b"
rate = "7%"
channel = ["silver", "gold"]
coupon = "yes"

[[rate]]
clause = "C.21"
rate = "1.25%"
price_from = "50.00"

[[rate]]
clause = "C.22"
amount = "0.07"
price_below = "5.00"

[[rate]]
clause = "C.26"
rate = { min = "1%", max = "5%" }
seller_countries = ["CN"]

[[rate]]
clause = "C.23"
rate = "6.66%"
buyer = "new"
platform = "app"

[[rate]]
clause = "C.24"
rate = "5.55%"
currencies = ["USD"]
click_countries = ["JP", "AU"]

[[rate]]
clause = "C.25"
rate = "5.55%"
not_click_countries = ["US", "DE", "FR"]

[[rate]]
clause = "C.27"
rate = "0.5%"

[[bonus]]
clause = "C.39"
for = "new_buyer"
amount = "2.00"
placement_kind = ["cashback"]

[[bonus]]
clause = "C.40"
for = "new_buyer"
amount = "3.00"
seller_countries = ["CN"]
link = "store"

[[bonus]]
clause = "C.41"
for = "new_buyer"
amount = "6.00"
not_categories = [2]

[cap]
clause = "C.50"
per_order = "7.77"
covers = ["commission", "incentive", "bonus"]

[[flag]]
kind = "pop_up"
clause = "C.60"
effect = "hold"
link = "product"

[[flag]]
kind = "pop_up"
clause = "C.61"
effect = "withhold_bonus"

[[flag]]
kind = "fraud"
clause = "C.62"
effect = "disqualify"
currencies = ["USD"]
ship_to = ["@eu"]

[[flag]]
kind = "fraud"
clause = "C.63"
effect = "hold"

[[flag]]
kind = "spam"
clause = "C.64"
effect = "withhold_bonus"
channel = ["gold", "ended"]
"#;

/// Ends for good at an instant; no cap, no bonus.
const BAZAAR_D: &str = r#"
format       = 1
effective_on = 2023-11-05
ends_at      = 2024-02-01T00:00:00Z
source       = "invented"

[policy]
basis        = "product_price"
currency     = "USD"
fx_on        = "governing"
rounding     = "half_up"
attribution_window = "P1D"
service_fee  = { max = "8%", ship_to = ["@eu"], when_unknown = "max" }
[policy.clauses]
qualified    = "D.1"
attribution_window = "D.2"
currency     = "D.3"

[groups]
eu = ["DE", "FR"]

[[exclude]]
clause = "D.10"
reason = "campaign_stores"
stores = ["5001"]
on_from = 2023-11-20
on_until = 2023-12-01

[[rate]]
clause = "D.20"
rate = "8%"
on_until = 2023-11-06

[[rate]]
clause = "D.21"
rate = "unknown"
on_from = 2024-01-30

[[rate]]
clause = "D.22"
rate = "0%"
categories = [12]

[[rate]]
clause = "D.23"
rate = "100%"
not_categories = [9]

[[rate]]
clause = "D.24"
amount = "0.00"
categories = [9]
"#;

const YEN: &str = r#"
format          = 1
name            = "Oracle Yen (invented)"
timezone        = "Australia/Lord_Howe"
payout_currency = "JPY"
governed_by     = "finished"
"#;

const YEN_OLD_TREE: &str = "id,parent,name
1,,All
2,1,Left
3,1,Right
31,3,Right Low
";

const YEN_NEW_TREE: &str = "id,parent,name
1,,Left
2,1,Left Low
3,,Right
31,3,Right Low
311,31,Right Lowest
";

const YEN_A: &str = r#"
format        = 1
effective_on  = 2023-01-01
source        = "invented"
category_tree = "old"

[policy]
basis         = "product_price"
currency      = "JPY"
fx_on        = "governing"
rounding      = "half_up"
attribution_window = "P3D"
service_fee   = { max = "8%", ship_to = ["DE", "FR"], when_unknown = "max" }
[policy.clauses]
qualified     = "J.1"
attribution_window = "J.2"
currency      = "J.3"

[[exclude]]
clause = "J.10"
reason = "dear_web"
price_from = "50000"
platform = "web"

[[exclude]]
clause = "J.11"
reason = "void_product"
marks = ["void"]
link = "product"

[[rate]]
clause = "J.18"
rate = "2.5%"
marks = ["promo", "sale"]
coupon = "no"

[[rate]]
clause = "J.19"
rate = "5.5%"
placement_kind = ["social", "email"]
platform = "app"

[[rate]]
clause = "J.20"
rate = "4.0%"
categories = [3]

[[rate]]
clause = "J.21"
amount = "100"
categories = [2]
coupon = "yes"

[[rate]]
clause = "J.22"
rate = "2.5%"
categories = [1]

[[rate]]
clause = "J.23"
rate = "1.5%"

[[bonus]]
clause = "J.39"
for = "new_buyer"
amount = "120"
channel = ["gold"]

[[bonus]]
clause = "J.40"
for = "new_buyer"
amount = "300"

[cap]
clause = "J.50"
per_order = "1000"
covers = ["commission"]
scope = "order"

[[flag]]
kind = "fraud"
clause = "J.60"
effect = "hold"

[[flag]]
kind = "spam"
clause = "J.61"
effect = "withhold_bonus"

[[flag]]
kind = "brand_bidding"
clause = "J.62"
effect = "disqualify"
click_country = "same"
"#;

const YEN_B: &str = r#"
format        = 1
effective_on  = 2023-10-01
source        = "invented"
category_tree = "new"

[policy]
basis         = "paid_amount"
currency      = "JPY"
rounding      = "half_even"
attribution_window = "P5D"
service_fee   = { max = "25%", ship_to = ["DE", "FR"], when_unknown = "max" }
[policy.clauses]
qualified     = "K.1"
attribution_window = "K.2"
currency      = "K.3"

[[exclude]]
clause = "K.10"
reason = "left"
categories = [1]
not_ship_to = ["JP"]

[[exclude]]
clause = "K.11"
reason = "no_email"
placement_kind = ["email"]

[[rate]]
clause = "K.19"
rate = "3%"
channel = "gold"
categories = [31]

[[rate]]
clause = "K.20"
rate = "6.25%"
categories = [3]

[[rate]]
clause = "K.21"
rate = { min = "1%", max = "2%" }
item = "not_affiliate"

[[rate]]
clause = "K.22"
rate = "0.1%"

[[bonus]]
clause = "K.39"
for = "new_buyer"
amount = "90"
marks = ["promo"]

[[bonus]]
clause = "K.40"
for = "new_buyer"
amount = "250"
ship_to = ["JP"]

[cap]
clause = "K.50"
per_order = "777"
covers = ["bonus", "commission"]
scope = "order"

[[flag]]
kind = "fraud"
clause = "K.60"
effect = "withhold_bonus"
placement_kind = ["social"]

[[flag]]
kind = "fraud"
clause = "K.61"
effect = "disqualify"
price_below = "3000"

[[flag]]
kind = "fraud"
clause = "K.62"
effect = "hold"

[[flag]]
kind = "spam"
clause = "K.63"
effect = "hold"
categories = [1]

[[flag]]
kind = "brand_bidding"
clause = "K.64"
effect = "hold"
marks = ["promo", "void"]
"#;

const YEN_C: &str = r#"
format        = 1
effective_on  = 2024-04-07
source        = "invented"
category_tree = "new"

[policy]
basis         = "product_price"
currency      = "JPY"
fx_on        = "governing"
rounding      = "floor"
bonus_without_commission = true
[policy.clauses]
qualified     = "L.1"
currency      = "L.3"

[[rate]]
clause = "L.19"
rate = "4.5%"
marks = ["sale"]

[[rate]]
clause = "L.20"
rate = "50%"
item = "hot"
coupon = "no"

[[rate]]
clause = "L.21"
rate = "33.3333%"

[[bonus]]
clause = "L.40"
for = "new_buyer"
amount = "1"

[cap]
clause = "L.50"
per_order = "100"
covers = ["commission"]
scope = "line"

[[flag]]
kind = "fraud"
clause = "L.60"
effect = "withhold_bonus"
coupon = "no"

[[flag]]
kind = "fraud"
clause = "L.61"
effect = "hold"
item = "affiliate"

[[flag]]
kind = "spam"
clause = "L.62"
effect = "disqualify"
channel = ["silver"]
"#;
