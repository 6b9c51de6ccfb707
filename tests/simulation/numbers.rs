//! Notice numbers are drawn by chance: here chance is made to say the same again.

use std::rc::Rc;
use std::time::Duration;

use journeys::books::Books;
use journeys::local::Simulation;
use journeys::stage::Stage;
use journeys::{Dice, Practice, Visitor};

/// The creditor issues three practices and cancels the first, Mario makes one of his own: the number drawn for it. The
/// same seed draws the same each time, until a number is taken.
fn drawn(taken: &[String; 3]) -> String {
    fastrand::seed(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let start = "2026-11-23T08:00:00Z".parse().unwrap();
        let stage = Rc::new(Stage::new(Simulation { seed: 1, start, skew: Duration::ZERO }, true));
        let dice = Dice::of_seed(1);
        let mario = Visitor::new(&stage, &dice);
        for number in taken {
            let practice = Practice::of(&mario.person, &dice).numbered(number);
            assert_eq!(stage.creditor("PUT", number, Some(&practice.body)).await.status, 201);
        }
        assert_eq!(stage.creditor("DELETE", &taken[0], None).await.status, 204);
        let issued = |books: &Books| taken.each_ref().map(|number| books.debt(number));
        let before = issued(&Books::of(&stage.stack));
        mario.becomes_known().await;
        let made = mario.creates("Pasti", 1_500, "wish").await;
        assert_eq!(made.status, 201, "{}", made.answer);
        let books = Books::of(&stage.stack);
        assert_eq!(issued(&books), before, "what was issued is as it was");
        assert_eq!((books.debts().len(), books.faults(false)), (4, Vec::new()));
        made.json()["debt"]["noticeNumber"].as_str().unwrap().to_owned()
    })
}

#[test]
fn inv_m14_a_number_that_was_issued_is_never_drawn_again_not_even_a_cancelled_one() {
    let dice = Dice::of_seed(2);
    let person = journeys::Person::natural(&dice);
    let [a, b, c] = [(); 3].map(|()| Practice::of(&person, &dice).number);
    let first = drawn(&[a.clone(), b.clone(), c.clone()]);
    assert_eq!(drawn(&[b.clone(), a, c.clone()]), first, "chance says the same again");
    let second = drawn(&[first.clone(), b, c.clone()]);
    assert_ne!(second, first, "taken, and cancelled");
    let third = drawn(&[first.clone(), second.clone(), c]);
    assert!(third != first && third != second, "both are taken");
}
