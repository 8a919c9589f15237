//! Rows 12 and 13, proved by the suite `real` and counted here: what a script tries from inside its run is refused, and
//! every container is the template.

use crate::container::{assert_limited, assert_plain};
use crate::figures::Tally;
use crate::inside::assert_confined;
use crate::product::Product;

pub(super) async fn from_inside() {
    let mut tally = Tally::new(
        12,
        "from inside a run: controller, engine, other runs and folders",
    );
    let found = assert_confined(&Product::start().await).await;
    tally.figures.injected = found.refused;
    tally.figures.runs = 3;
    tally.figures.note = format!(
        "all refused; {} fields of /proc/self/status as they must be",
        found.status_fields
    );
    tally.close();
}

pub(super) async fn to_the_template() {
    let mut tally = Tally::new(13, "every container against the template");
    let product = Product::start().await;
    assert_plain(&product).await;
    assert_limited(&product).await;
    tally.figures.runs = 3;
    tally.figures.note =
        "a plain run, a build, a run with limits and an environment: no field differs".to_owned();
    tally.close();
}
