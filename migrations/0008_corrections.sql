-- Rows that correct another: what they hold is added to a line of their order, or, where their state is
-- reversed, taken from it. `corrects` is the number of that line, or empty where the row does not name it;
-- a row that is a line has none.
ALTER TABLE order_line ADD COLUMN corrects ANY
    CHECK (corrects IS NULL OR typeof(corrects) IN ('integer', 'blob'));
