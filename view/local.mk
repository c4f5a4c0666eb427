# Readers of events: one line of text, a sequence diagram, JSON, trace records.

noinst_LTLIBRARIES += libgucview.la
libgucview_la_SOURCES = \
	view/describe.c \
	view/describe.h \
	view/diagram.c \
	view/diagram.h \
	view/diagram_events.c \
	view/diagram_events.h \
	view/diagram_order.c \
	view/event.c \
	view/event.h \
	view/event_data.c \
	view/event_data.h \
	view/json.c \
	view/json.h \
	view/trace.h \
	view/trace_card.c \
	view/trace_event.c \
	view/trace_run.c
libgucview_la_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS)
libgucview_la_LIBADD = libguctrace.la $(JSON_LIBS)
