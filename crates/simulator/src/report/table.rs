//! The report as tables of text: the terminal prints them, and the page shows them next to its
//! pictures.

/// One table. Its first column names the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it is about.
    pub caption: String,
    /// The head of each column.
    pub columns: Vec<Column>,
    /// Cells, as many a row as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What stands above it.
    pub head: String,
    /// Where its cells stand.
    pub aligned: Aligned,
}

/// Where the text of a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aligned {
    /// As words do.
    Left,
    /// As numbers do.
    Right,
}

impl Table {
    /// A table without rows.
    pub(super) fn new<const CELLS: usize>(caption: &str, columns: [Column; CELLS]) -> Self {
        Self { caption: caption.to_owned(), columns: columns.into(), rows: Vec::new() }
    }

    /// One more row.
    pub(super) fn row<const CELLS: usize>(&mut self, cells: [String; CELLS]) {
        debug_assert_eq!(CELLS, self.columns.len(), "a cell for each column");
        self.rows.push(cells.into());
    }
}

impl Column {
    /// A column of words.
    pub(super) fn words(head: &str) -> Self {
        Self { head: head.to_owned(), aligned: Aligned::Left }
    }

    /// A column of numbers.
    pub(super) fn numbers(head: &str) -> Self {
        Self { head: head.to_owned(), aligned: Aligned::Right }
    }
}
