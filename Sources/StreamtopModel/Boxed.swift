/// Keeps an optional section of a snapshot on the heap, shared between copies.
///
/// A flow's snapshot has a section for each protocol, most of them empty, some of a kilobyte: laid out in place they
/// would make every copy of every snapshot move four kilobytes. Written once, read often: a write makes a new box.
@propertyWrapper
package struct Boxed<Value: Sendable>: Sendable {
    private final class Box: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private var box: Box?

    package init(wrappedValue: Value?) {
        box = wrappedValue.map { Box($0) }
    }

    package var wrappedValue: Value? {
        get { box?.value }
        set { box = newValue.map { Box($0) } }
    }
}
