//! IDN-02: which names are the same person's.

use domain::account::HolderName;
use domain::names::is_of;

fn person(first: &str, last: &str) -> HolderName {
    HolderName::Natural { first: first.to_owned(), last: last.to_owned() }
}

#[test]
fn idn_02_a_person_is_the_same_whatever_accents_case_order_particles_and_second_names() {
    for (written, first, last, same) in [
        ("Mario Rossi", "Mario", "Rossi", true),
        ("ROSSI MARIO", "Mario", "Rossi", true),
        ("  rossi   mario ", "MARIO", "ROSSI", true),
        ("Rossi, Mario", "Mario", "Rossi", true),
        ("Mario Rossi", "Rossi", "Mario", true),
        ("Mario Rossi", "Luigi", "Rossi", false),
        ("Mario Rossi", "Mario", "Bianchi", false),
        ("Mario Rossi", "Maria", "Rossi", false),
        ("Mario Rossi", "Mario", "Rossini", false),
        ("Mario", "Mario", "Rossi", false),
        ("Rossi", "Mario", "Rossi", false),
        ("", "Mario", "Rossi", false),
        ("...", "Mario", "Rossi", false),
        // Second names, of either.
        ("Mario Luigi Rossi", "Mario", "Rossi", true),
        ("ROSSI MARIO LUIGI", "Mario", "Rossi", true),
        ("Mario Rossi", "Mario Luigi", "Rossi", true),
        ("Luigi Rossi", "Mario Luigi", "Rossi", false),
        ("Annamaria Verdi", "Anna Maria", "Verdi", true),
        ("ANNA MARIA VERDI", "Annamaria", "Verdi", true),
        ("Anna Verdi", "Anna Maria", "Verdi", true),
        // Accents: apart from their letter, as an apostrophe, left out; letters that are one with them.
        ("NICCOLO' BRUNI", "Niccolò", "Bruni", true),
        ("Niccolo\u{300} Bruni", "Niccolò", "Bruni", true),
        ("Gerard Muller", "Gérard", "Müller", true),
        ("LUKASZ ZOE", "Zoë", "Łukasz", true),
        ("Nicola Bruni", "Niccolò", "Bruni", false),
        // Particles and apostrophes, together or apart.
        ("D'ANGELO LUCIA", "Lucia", "D’Angelo", true),
        ("DANGELO LUCIA", "Lucia", "D'Angelo", true),
        ("D ANGELO LUCIA", "Lucia", "Dangelo", true),
        ("Lucia Angelo", "Lucia", "D’Angelo", true),
        ("De Luca Mario", "Mario", "Deluca", true),
        ("DELUCA MARIO", "Mario", "De Luca", true),
        ("Mario Luca", "Mario", "De Luca", true),
        ("De Luca Bianchi Anna", "Anna", "De Luca-Bianchi", true),
        ("Anna De Luca", "Anna", "De Luca-Bianchi", false),
        ("Maria della Valle", "Maria", "Valle", true),
        ("Li Na", "Na", "Li", true),
        ("Lo Giudice Ugo", "Ugo", "Logiudice", true),
        // One word is not two names.
        ("Franco Rossi", "Franco", "Franco", false),
        ("Franco Franco", "Franco", "Franco", true),
        ("王 伟", "伟", "王", true),
    ] {
        assert_eq!(is_of(written, &person(first, last)), same, "{written:?} and {first:?} {last:?}");
    }
}

#[test]
fn idn_02_a_company_is_known_by_its_words() {
    for (written, company, same) in [
        ("Officine Riunite S.r.l.", "OFFICINE RIUNITE SRL", true),
        ("Officine Riunite S. R. L.", "Officine Riunite s.r.l", true),
        ("Officine Riunite società a responsabilità limitata", "Officine Riunite S.r.l.", true),
        ("Riunite Officine", "Officine Riunite S.r.l.", true),
        ("Officine Riunite S.p.A.", "Officine Riunite S.r.l.", false),
        ("Officine Riunite", "Officine Divise", false),
        ("Officine", "Officine Riunite", false),
        ("Officine Riunite e Associate", "Officine Riunite & Associate", true),
        ("L'Angolo del Caffè", "ANGOLO CAFFE'", true),
        ("A.B.C. Costruzioni", "ABC Costruzioni S.n.c.", true),
        ("Officine 1234 S.r.l.", "Officine 1235 S.r.l.", false),
        ("Rossi Mario & C. S.n.c.", "MARIO ROSSI E C SNC", true),
        ("S.r.l.", "S.r.l.", false),
        ("", "Officine", false),
    ] {
        let holder = HolderName::Legal { company: company.to_owned() };
        assert_eq!(is_of(written, &holder), same, "{written:?} and {company:?}");
    }
}
