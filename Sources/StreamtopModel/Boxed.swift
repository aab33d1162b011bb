/// Keeps an optional section of a snapshot on the heap, shared between copies.
///
/// A flow's snapshot has a section for each protocol, most of them empty, some of a kilobyte: laid out in place they
/// would make every copy of every snapshot move four kilobytes. Written once, read often: a write makes a new box.
///
/// `flow.tcp` is a copy of the section. Where that is more than is wanted, `flow.$tcp` is the box, or nil: one member is
/// read by `flow.$tcp?.value.vantage`, and whether there is a section by `flow.$tcp != nil`.
@propertyWrapper
package struct Boxed<Value: Sendable>: Sendable {
    package final class Box: Sendable {
        package let value: Value

        package init(_ value: consuming Value) { self.value = value }
    }

    package var projectedValue: Box?

    /// No section. It is what a section begins as: an empty optional would first be made as large as a full one.
    package init() { projectedValue = nil }

    package init(wrappedValue: Value?) {
        projectedValue = wrappedValue.map { Box($0) }
    }

    package var wrappedValue: Value? {
        get { projectedValue?.value }
        set { projectedValue = newValue.map { Box($0) } }
    }
}

extension Boxed: Equatable where Value: Equatable {
    package static func == (left: Boxed, right: Boxed) -> Bool { left.wrappedValue == right.wrappedValue }
}
