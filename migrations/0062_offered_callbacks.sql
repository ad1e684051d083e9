-- A promised call is offered to an agent whose telephone is the browser: nobody is joined to an empty chair.
alter table offers drop constraint offers_kind_check,
  add constraint offers_kind_check check (kind in ('caller', 'colleague', 'supervisor', 'callback'));
create unique index offers_callback on offers (conference) where kind = 'callback' and state = 'open';
